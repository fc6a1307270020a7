// Draw a BPMN diagram into an element:
//
//   <div class="app-diagram" data-diagram-url="/…/complaint.bpmn" data-marks='{"Task_assess": "active", "Task_ack": "done"}'
//        data-select="Task_assess" role="group" aria-label="…"></div>
//
// data-marks   element id → active | next | done | incident | problem | warning
// data-select  element to bring to the middle (optional)
//
// It tells the page when somebody clicks on an element: event "diagram:select", detail { id, name, type }.
// The bpmn.io mark in the corner is a condition of bpmn-js's licence: never hide it.

import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { say } from "./diagrams.js";

const MARKS = ["active", "next", "done", "incident", "problem", "warning"];

export async function draw(place) {
  try {
    const answer = await fetch(place.dataset.diagramUrl, { credentials: "same-origin", headers: { Accept: "application/xml" } });
    if (!answer.ok) throw new Error(`${place.dataset.diagramUrl} answered ${answer.status}`);
    const viewer = new NavigatedViewer({ container: place });
    await viewer.importXML(await answer.text());
    fit(viewer, place);
    mark(viewer, JSON.parse(place.dataset.marks || "{}"));
    listen(viewer, place);
    place.setAttribute("role", "group"); // it has a link in it, so it is more than a picture
    say(place, "drawn");
  } catch (error) {
    console.error("The diagram cannot be shown:", error);
    say(place, "failed");
  }
}

// All of it if it can be read at that size, else as it is, with the element asked for (or the start) in view.
function fit(viewer, place) {
  const canvas = viewer.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  canvas.zoom(Math.min(canvas.zoom() * 0.94, 1), "auto"); // a margin, and never larger than it was drawn
  const select = place.dataset.select && viewer.get("elementRegistry").get(place.dataset.select);
  if (select) canvas.scrollToElement(select, 40);
}

function mark(viewer, marks) {
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  for (const [id, state] of Object.entries(marks)) {
    if (MARKS.includes(state) && registry.get(id)) canvas.addMarker(id, `app-mark-${state}`);
  }
}

function listen(viewer, place) {
  viewer.on("element.click", ({ element }) => {
    const about = element.businessObject;
    place.dispatchEvent(
      new CustomEvent("diagram:select", { bubbles: true, detail: { id: element.id, name: about?.name || "", type: element.type } }),
    );
  });
}
