"""What is wrong with how a page looks: too wide, cut, moving, marked up badly; on screens, magnified, and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Page

PAPER = 718
"""The width of A4 between Chromium's margins, in CSS pixels."""
SCREENS = {"a phone": (320, 100), "a desk": (1280, 100), "a desk at 200 %": (640, 100), "a desk with text at 200 %": (1280, 200)}
"""What it is looked at on: width in CSS pixels (zoom of the browser divides it) and the size of the text in per cent."""
OVER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT = """(scrolls) => [...document.querySelectorAll('body *')].filter(one => {
  if (!one.checkVisibility() || one.closest('svg, .djs-container, .govuk-visually-hidden, .app-diagram')) return false;
  const style = getComputedStyle(one);
  if (one.matches('input, textarea, select, progress') || style.clipPath !== 'none') return false;
  if (style.overflowX === 'visible' || (!scrolls && style.overflowX !== 'hidden' && style.overflowX !== 'clip')) return false;
  return one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1;
}).map(one => `${one.tagName.toLowerCase()}.${one.className}: ${one.scrollWidth - one.clientWidth} px of ` +
  `“${one.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60)}” are cut`)"""
"""Elements that hide a part of what is in them; where nothing can be scrolled (on paper), those that would scroll too."""
BEYOND = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, h1, h2, h3, p, li, td, th')]
  .filter(one => one.checkVisibility({checkOpacity: true}) && !one.closest('svg, .djs-container, .govuk-visually-hidden, .app-diagram'))
  .filter(one => {
    const box = one.getBoundingClientRect();
    for (let around = one.parentElement; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around);
      if (style.overflowX !== 'visible' || style.position === 'absolute') return false;
      const edge = around.getBoundingClientRect();
      const framed = parseFloat(style.borderRightWidth) > 0 && style.borderRightStyle !== 'none';
      if (framed && box.width > 1 && box.right > edge.right + 1) return true;
    }
    return box.width > 1 && (box.right > innerWidth + 1 || box.left < -1);
  }).map(one => `${one.tagName.toLowerCase()} “${one.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60)}” runs out of its frame`)"""
MOVING = """() => [...document.querySelectorAll('*')].filter(one => !one.closest('svg')).filter(one => {
  const style = getComputedStyle(one), lasts = times => times.split(',').some(time => parseFloat(time) > 0.001);
  return lasts(style.transitionDuration) || (style.animationName !== 'none' && lasts(style.animationDuration));
}).map(one => `${one.tagName.toLowerCase()}.${one.className} moves though no motion is asked for`)"""
PRINTED = """() => [...document.querySelectorAll('footer, nav.app-header__account, [role=search], button, .govuk-service-navigation')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().height > 0)
  .map(one => `${one.tagName.toLowerCase()} “${one.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60)}” is printed`)"""
UNFOLD = "open => document.querySelectorAll('details').forEach(one => { one.open = open || one.dataset.cameOpen === 'yes'; })"
REMEMBER = "() => document.querySelectorAll('details').forEach(one => { one.dataset.cameOpen = one.open ? 'yes' : 'no'; })"


def faults(page: Page, violations: Callable[[Page], list[str]]) -> list[str]:
    """What is wrong with the page as it stands, folded and unfolded; it is left as it was, light and 1280 px wide."""
    page.evaluate(REMEMBER)
    found: list[str] = []
    for open, state in ((False, "as it comes"), (True, "unfolded")):
        page.evaluate(UNFOLD, open)
        found += [f"{page.url}, {state}, {one}" for one in _looked_at(page, violations, paper=not open)]
    page.evaluate(UNFOLD, False)
    return found


def _looked_at(page: Page, violations: Callable[[Page], list[str]], *, paper: bool) -> Iterator[str]:
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        yield from (f"{scheme}: {one}" for one in violations(page))
    page.emulate_media(reduced_motion="reduce")
    yield from sorted(set(page.evaluate(MOVING)))
    page.emulate_media(reduced_motion="no-preference")
    for screen, (width, text) in SCREENS.items():
        with_size(page, width, text)
        yield from (f"on {screen}: {one}" for one in widths(page, scrolls=False))
    with_size(page, 1280, 100)
    if paper:
        page.emulate_media(media="print")
        page.set_viewport_size({"width": PAPER, "height": 1000})
        yield from (f"on paper: {one}" for one in [*widths(page, scrolls=True), *page.evaluate(PRINTED)])
        page.emulate_media(media="screen")
        with_size(page, 1280, 100)


def with_size(page: Page, width: int, text: int) -> None:
    """Make the window so wide and the text so large (per cent)."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("size => { document.documentElement.style.fontSize = size === 100 ? '' : `${size}%`; }", text)


def widths(page: Page, *, scrolls: bool) -> Iterator[str]:
    """What is too wide, cut or out of its frame at the size the page has."""
    over: Any = page.evaluate(OVER)
    if over > 0:
        yield f"{over} px too wide"
    yield from page.evaluate(CUT, scrolls)
    yield from page.evaluate(BEYOND)[:5]
