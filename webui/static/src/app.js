// What every page loads. The pages work without it: this only shortens the way.

import { initAll } from "govuk-frontend";
import htmx from "htmx.org";
import { watchDiagrams } from "./diagrams.js";
import { watchDrafts } from "./drafts.js";
import { watchKeys } from "./keys.js";

// govuk-frontend looks for these before it does anything; its own template sets them by an inline script, which our
// content security policy forbids.
document.body.classList.add("js-enabled", "govuk-frontend-supported");

htmx.config.includeIndicatorCSS = false; // amends.css has those two rules

enhance(document);
watchKeys(document);
watchDrafts(document);

// A page that is drawn anew takes no files: they go once, with the button that sends the form.
document.addEventListener("htmx:config:request", (event) => {
  const body = event.detail?.ctx?.request?.body;
  if (body instanceof FormData) for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
});

// What htmx puts on the page gets the same.
document.addEventListener("htmx:after:swap", (event) => enhance(event.detail?.ctx?.target ?? document));

function enhance(place) {
  const scope = place instanceof Element ? place : document;
  initAll({ scope, onError: report });
  watchDiagrams(scope);
}

// A component that was there before the swap is met again, and says so; that is no error.
function report(error) {
  if (error.name !== "InitError") console.error(error);
}
