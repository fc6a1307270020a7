// The inbox by keyboard. A list of work is
//
//   <table class="app-inbox" data-keys> … <tr class="app-inbox__row"> <input type="checkbox" …> <a class="app-inbox__link" …>
//   <button data-key="c">Claim</button> … (inside the row, or in the form around the list)
//
// j k  next and previous row · Enter  open it · x  choose it · / search ([data-key="/"]) · ? all keys (#keys, a <dialog>)
// any other single character presses the button or link that has it as data-key.

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

export function watchKeys(page) {
  page.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const list = page.querySelector("[data-keys]");
    if (!list || event.target.closest(TYPING) || page.querySelector("dialog[open]")) return;
    if (act(page, list, event.key)) event.preventDefault();
  });
}

function act(page, list, key) {
  const row = page.activeElement?.closest(".app-inbox__row");
  if (key === "j" || key === "k") return step(list, row, key === "j" ? 1 : -1);
  if (key === "x") return press(row?.querySelector("input[type=checkbox]"));
  if (key === "?") return show(page.querySelector("dialog#keys"));
  if (key.length !== 1) return false; // Enter on the row's own link is the browser's work
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const found = row?.querySelector(wanted) ?? page.querySelector(wanted);
  if (found?.matches(TYPING)) return focus(found);
  return press(found);
}

function step(list, row, by) {
  const rows = [...list.querySelectorAll(".app-inbox__row")];
  const place = row ? rows.indexOf(row) + by : by > 0 ? 0 : rows.length - 1;
  return focus(rows[Math.max(0, Math.min(place, rows.length - 1))]?.querySelector(".app-inbox__link"));
}

function press(element) {
  element?.click();
  return Boolean(element);
}

function focus(element) {
  element?.focus();
  return Boolean(element);
}

function show(dialog) {
  dialog?.showModal();
  return Boolean(dialog);
}
