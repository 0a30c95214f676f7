// Follows a job: asks for the part of the page that changes and puts it in place, until the job is over; then opens
// what it made.
const EVERY = 1000;

export function follow(place) {
  const url = place.dataset.progress;
  const ask = async () => {
    try {
      const answer = await fetch(url, { headers: { accept: "text/html", "x-part": "1" }, cache: "no-store" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const next = answer.headers.get("x-next");
      if (next) {
        location.replace(next);
        return;
      }
      const html = await answer.text();
      // The answer is a page of this service, already escaped; only the part that changes is taken.
      const part = new DOMParser().parseFromString(html, "text/html").querySelector("[data-progress-part]");
      if (part) place.querySelector("[data-progress-part]").replaceWith(part);
      const told = place.querySelector("[data-progress-told]");
      const words = part?.dataset.words ?? "";
      if (told && told.textContent !== words) told.textContent = words;
      if (part?.dataset.over === "true") return;
    } catch (error) {
      console.warn("progress", error);
    }
    setTimeout(ask, EVERY);
  };
  setTimeout(ask, EVERY);
}
