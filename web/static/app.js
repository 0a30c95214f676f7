import { initAll } from "/assets/nhsuk/nhsuk-frontend.min.js";

initAll();

const map = document.querySelector("[data-map]");
if (map) import("/assets/map.js").then((module) => module.show(map)).catch((error) => console.warn("map", error));

const progress = document.querySelector("[data-progress]");
if (progress) import("/assets/progress.js").then((module) => module.follow(progress));

for (const form of document.querySelectorAll("form[data-apply]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

const explore = document.querySelector("[data-explore]");
if (explore) import("/assets/explore.js").then((module) => module.listen(explore));
