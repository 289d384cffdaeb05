"""What a browser is asked about a page, in its own language, and a text that tries everything at once."""

from __future__ import annotations

CUT = """
    return [...document.querySelectorAll('.scroll, .scroll > table')].filter(one => one.checkVisibility()).filter(
        one => getComputedStyle(one).overflowX !== 'visible' || one.getBoundingClientRect().right > innerWidth + 1
    ).map(one => one.textContent.slice(0, 80));
"""
"""What would be cut off on paper."""
EVERYTHING = (
    '<script>window.hit = 1</script><img src=x onerror=\'window.hit = 2\'>" onmouseover="window.hit = 3" '
    "</td></table></style>\\input{x}$=cmd|'/C calc'!A1 \x1b[31m a\u202eb\u2066c"
)
CONTRAST = """
    const parse = text => text.match(/[\\d.]+/g).map(Number);
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const weights = [0.2126, 0.7152, 0.0722];
    const light = parts => weights.reduce((sum, weight, at) => sum + weight * linear(parts[at] / 255), 0);
    const ground = one => { for (; one; one = one.parentElement) {
        const found = parse(getComputedStyle(one).backgroundColor);
        if (found.length < 4 || found[3] > 0) return found; } return [255, 255, 255]; };
    let worst = [99, ''];
    for (const one of document.querySelectorAll('h1,h2,h3,p,li,dt,dd,th,td,summary,span,a,code,figcaption,caption,b')) {
        if (!one.textContent.trim() || !one.checkVisibility()) continue;
        const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < worst[0]) worst = [ratio, one.outerHTML.slice(0, 120)];
    }
    return worst;
"""
"""The least contrast of any text with its ground (WCAG 2), and where."""
