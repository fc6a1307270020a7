// Find diagrams on the page; only a page that has one fetches the viewer.

export function watchDiagrams(scope) {
  const places = [...scope.querySelectorAll("[data-diagram-url]")];
  if (scope instanceof Element && scope.matches("[data-diagram-url]")) places.push(scope);
  for (const place of places) {
    if (place.dataset.diagramState) continue;
    place.dataset.diagramState = "loading";
    import("./diagram.js").then(
      ({ draw }) => draw(place),
      () => say(place, "failed"),
    );
  }
}

// What the place says of itself: "loading", "drawn" or "failed"; amends.css shows the list beside it if it failed.
export function say(place, state) {
  place.dataset.diagramState = state;
  place.setAttribute("aria-busy", String(state === "loading"));
}
