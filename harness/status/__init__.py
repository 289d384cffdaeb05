"""What a folder of results holds: runs that are finished or broken, passes that are not, and how to go on."""
