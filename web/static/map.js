// Puts a map that can be moved in place of the drawing. The page is whole without it.
import * as maplibre from "/assets/maplibre/maplibre-gl.mjs";

const COLOURS = { circle: "#0072b2", triangle: "#007a5a", diamond: "#e69f00", square: "#d55e00", cross: "#5a6771" };
const PATHS = {
  circle: (c) => c.arc(16, 16, 9, 0, 7),
  triangle: (c) => { c.moveTo(16, 5); c.lineTo(27, 25); c.lineTo(5, 25); c.closePath(); },
  diamond: (c) => { c.moveTo(16, 6); c.lineTo(26, 16); c.lineTo(16, 26); c.lineTo(6, 16); c.closePath(); },
  square: (c) => c.rect(7, 7, 18, 18),
  cross: (c) => { c.moveTo(8, 8); c.lineTo(24, 24); c.moveTo(24, 8); c.lineTo(8, 24); },
};

export async function show(place) {
  const [sites, boroughs] = await Promise.all([load(place.dataset.sites), load(place.dataset.boroughs)]);
  if (!sites.features.length) return;
  const canvas = document.createElement("div");
  canvas.className = "app-map__canvas";
  place.append(canvas);
  place.classList.add("app-map--live");
  try {
    const map = new maplibre.Map({
      container: canvas,
      style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": "#eef3f6" } }] },
      bounds: bounds(sites),
      fitBoundsOptions: { padding: 24, maxZoom: 15 },
      attributionControl: false,
      cooperativeGestures: true,
      dragRotate: false,
      pitchWithRotate: false,
    });
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibre.ScaleControl({ unit: "metric" }));
    map.on("load", () => fill(map, sites, boroughs));
    map.once("idle", () => place.setAttribute("data-map-ready", "true"));
    map.on("error", (event) => console.warn("map", event.error?.message));
  } catch (error) {
    // No WebGL: the drawing stays.
    canvas.remove();
    place.classList.remove("app-map--live");
    console.warn("map", error);
  }
}

function fill(map, sites, boroughs) {
  for (const [name, colour] of Object.entries(COLOURS)) map.addImage(name, symbol(name, colour), { pixelRatio: 2 });
  map.addSource("boroughs", { type: "geojson", data: boroughs });
  map.addLayer({ id: "boroughs", type: "fill", source: "boroughs", paint: { "fill-color": "#ffffff" } });
  map.addLayer({ id: "borders", type: "line", source: "boroughs", paint: { "line-color": "#768692", "line-width": 1 } });
  map.addSource("sites", { type: "geojson", data: sites });
  map.addLayer({
    id: "sites",
    type: "symbol",
    source: "sites",
    layout: {
      "icon-image": ["get", "symbol"],
      "icon-allow-overlap": true,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.5, 12, 1, 16, 1.5],
      "symbol-sort-key": ["match", ["get", "symbol"], "cross", 0, "circle", 1, "diamond", 2, 3],
    },
  });
  map.on("mouseenter", "sites", () => { map.getCanvas().style.cursor = "pointer"; });
  map.on("mouseleave", "sites", () => { map.getCanvas().style.cursor = ""; });
  map.on("click", "sites", (event) => {
    const { properties, geometry } = event.features[0];
    new maplibre.Popup().setLngLat(geometry.coordinates).setDOMContent(card(properties)).addTo(map);
  });
}

// Built from elements, never from markup: a name is the user's text.
function card(site) {
  const box = document.createElement("div");
  const link = document.createElement("a");
  link.className = "nhsuk-link";
  link.href = `/sites/${encodeURIComponent(site.code)}`;
  link.textContent = site.name;
  const first = document.createElement("p");
  first.append(link);
  box.append(first);
  for (const line of [site.borough, site.label]) {
    if (!line) continue;
    const row = document.createElement("p");
    row.textContent = line;
    box.append(row);
  }
  return box;
}

function symbol(name, colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  const pen = canvas.getContext("2d");
  pen.beginPath();
  PATHS[name](pen);
  if (name === "cross") {
    pen.lineWidth = 5;
    pen.strokeStyle = colour;
  } else {
    pen.fillStyle = colour;
    pen.fill();
    pen.lineWidth = 2.5;
    pen.strokeStyle = name === "diamond" ? "#5c3f00" : "#ffffff";
  }
  pen.stroke();
  return pen.getImageData(0, 0, 32, 32);
}

function bounds(sites) {
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const { geometry } of sites.features) {
    const [longitude, latitude] = geometry.coordinates;
    west = Math.min(west, longitude);
    east = Math.max(east, longitude);
    south = Math.min(south, latitude);
    north = Math.max(north, latitude);
  }
  return [[west, south], [east, north]];
}

async function load(url) {
  const answer = await fetch(url, { headers: { accept: "application/geo+json" } });
  if (!answer.ok) throw new Error(`${url}: status ${answer.status}`);
  return answer.json();
}
