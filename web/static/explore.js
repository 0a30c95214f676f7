// Pressing the map asks about exactly the place pressed. Without scripts the areas of the drawing are links.
export function listen(place) {
  const drawing = place.querySelector("svg.app-map__drawing[data-scale]");
  if (!drawing) return;
  const { west, north, scale } = drawing.dataset;
  drawing.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    // A borough opens first; its areas are then pressed.
    if (link?.getAttribute("href")?.includes("borough=")) return;
    const matrix = drawing.getScreenCTM();
    if (!matrix) return;
    event.preventDefault();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const query = new URLSearchParams({
      easting: Math.round(Number(west) + at.x / Number(scale)),
      northing: Math.round(Number(north) - at.y / Number(scale)),
      mode: document.querySelector("#mode")?.value ?? "",
      k: document.querySelector("#k")?.value ?? "",
      minutes: document.querySelector("#minutes")?.value || place.dataset.minutes,
    });
    location.assign(`/access/explore?${query}`);
  });
}
