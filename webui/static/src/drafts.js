// What somebody types is kept on the server while they type, so that it outlives a browser that crashes. A form whose words are
// kept holds
//
//   <p role="status" data-keep="/tasks/…/draft">…</p>
//
// and that line shows what the server says. The form goes there at most once a second and one at a time; sending the form waits
// for one that is on its way, which would otherwise bring back a draft of what is sent already.

const SOON = 1_000;
const PATIENCE = 10_000; // then an answer counts as lost
const LATER = 60_000; // the longest wait after failures; the first is the shortest
const LOST = "Your draft could not be saved just now. What you typed is still on this page; saving is tried again.";
const forms = new Map(); // form → what is due or on its way

export function watchDrafts(page) {
  page.addEventListener("input", ({ target }) => {
    const form = target.closest("form");
    const line = form?.querySelector("[data-keep]");
    if (line && target.type !== "file") keepSoon(form, line, SOON);
  });
  page.addEventListener("submit", sendAfter, true);
  page.addEventListener("visibilitychange", () => page.visibilityState === "hidden" && keepAll());
  addEventListener("pagehide", keepAll);
}

function keepSoon(form, line, wait) {
  const state = forms.get(form) ?? { line, timer: 0, running: null, wait: SOON };
  forms.set(form, state);
  state.dirty = true;
  state.sent = false;
  if (!state.timer && !state.running) state.timer = setTimeout(() => keep(form, state), wait);
}

function keep(form, state) {
  state.timer = 0;
  state.dirty = false;
  state.running = post(form, state.line)
    .then((said) => {
      state.wait = SOON;
      tell(state.line, said);
    })
    .catch(() => {
      state.dirty = true;
      state.wait = Math.min(state.wait * 2, LATER);
      tell(state.line, LOST);
    })
    .finally(() => {
      state.running = null;
      if (state.dirty && !state.sent) keepSoon(form, state.line, state.wait);
    });
}

async function post(form, line, keepalive = false) {
  const body = new FormData(form);
  for (const [name, value] of [...body]) if (value instanceof File) body.delete(name); // files go with the button that sends the form
  const answer = await fetch(line.dataset.keep, { method: "POST", body, keepalive, redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

// The line is read out when it changes, and only then.
function tell(line, said) {
  if (line.textContent !== said) line.textContent = said;
}

function keepAll() {
  for (const [form, state] of forms) {
    if (!state.timer || !form.isConnected) continue;
    clearTimeout(state.timer);
    state.timer = 0;
    post(form, state.line, true).catch(() => {}); // the page is going; nobody is there to be told
  }
}

function sendAfter(event) {
  const state = forms.get(event.target);
  if (!state) return;
  clearTimeout(state.timer);
  state.timer = 0;
  state.sent = true;
  if (!state.running) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const again = () => event.target.requestSubmit(event.submitter);
  state.running.finally(again);
}
