"""Somebody without a mouse: what Tab reaches, in which order, and whether one sees where one is."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

MOST = 400
PREPARE = """() => {
  const look = one => {
    const say = (of, pseudo) => { const s = getComputedStyle(of, pseudo), outline = s.outlineStyle === 'none' ? '' : s.outline;
      return [outline, s.boxShadow, s.backgroundColor, s.borderColor, s.textDecoration, s.color].join('|'); };
    const label = one.matches('input[type=radio], input[type=checkbox]') && one.labels?.[0];
    return say(one) + (label ? say(label, '::before') : '');
  };
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';
  const one_of_a_group = one => one.type !== 'radio' || one.checked ||
    ![...document.getElementsByName(one.name)].some(other => other.checked) && document.getElementsByName(one.name)[0] === one;
  const all = [...document.querySelectorAll(wanted)].filter(one =>
    one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0 && one_of_a_group(one));
  window.amendsTabs = {all, before: new Map(all.map(one => [one, look(one)])), look};
  document.activeElement?.blur();
  return all.length;
}"""
NAME = """one => `${one.tagName.toLowerCase()} “${
  (one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent || one.id)
    .trim().replace(/\\s+/g, ' ').slice(0, 60)}”`"""
HERE = f"""() => {{
  const name = {NAME}, one = document.activeElement, {{all, before, look}} = window.amendsTabs;
  if (!one || one === document.body) return {{at: -1, what: '', wrong: []}};
  const at = all.indexOf(one), wrong = [], box = one.getBoundingClientRect();
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  if (right - left < 1 || bottom - top < 1) wrong.push('is off the screen');
  else {{
    const middle = r => (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2;
    const places = [...one.getClientRects()].flatMap(r => [0.5, 0.1, 0.9].map(x => [r.left + r.width * x, middle(r)]));
    const hit = places.some(([x, y]) => {{ const on = document.elementFromPoint(x, y);
      return on && (one.contains(on) || on.contains(one) || [...(one.labels || [])].some(label => label.contains(on))); }});
    if (!hit) wrong.push('is covered by something');
  }}
  if (at >= 0 && before.get(one) === look(one)) wrong.push('looks as if it were not focused');
  const scrolls = /auto|scroll/.test(getComputedStyle(one).overflowX + getComputedStyle(one).overflowY);
  return {{at, what: name(one), scrolls, wrong: wrong.map(text => `${{name(one)}} ${{text}}`)}};
}}"""
NAMED = f"(numbers) => numbers.map(at => ({NAME})(window.amendsTabs.all[at]))"


def faults(page: Page) -> list[str]:
    """What is wrong for who goes through a page by Tab: not reached, out of order, a trap, or not to be seen."""
    many: int = page.evaluate(PREPARE)
    found: list[str] = []
    reached: list[int] = []
    last: Any = None
    for _ in range(MOST):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here["at"] < 0 and not here["what"]:
            break  # out of the page
        if here["what"] == last and here["at"] == (reached[-1] if reached else None):
            continue  # a date has three parts
        last = here["what"]
        found += here["wrong"]
        if here["at"] < 0:
            found += [] if here["scrolls"] else [f"{here['what']} is reached, and was not there before"]
        elif here["at"] in reached:
            break  # around
        else:
            reached.append(here["at"])
    else:
        found.append(f"Tab never gets out of the page; it is at {last}")
    missed = [at for at in range(many) if at not in reached]
    found += [f"{name} is not reached" for name in page.evaluate(NAMED, missed)]
    found += ["the order of Tab is not the order of the page"] if reached != sorted(reached) else []
    return [f"{page.url}: {one}" for one in found]


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until that is focused; what is passed on the way has to be seen, and Tab has to get there."""
    page.evaluate(PREPARE.replace("document.activeElement?.blur();", ""))
    target = wanted.first.element_handle()
    for _ in range(MOST):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        unseen = [one for one in here["wrong"] if "focused" not in one or here["at"] >= 0]
        assert unseen == [], unseen
    raise AssertionError(f"Tab does not get to {wanted}")


def press_on(page: Page, wanted: Locator, key: str = "Enter") -> None:
    """Go to it by Tab and press a key on it."""
    tab_to(page, wanted)
    page.keyboard.press(key)
