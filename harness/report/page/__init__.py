"""The report as one HTML file that needs nothing else: `build.page` is the way in, `templates/` what it is set in."""
