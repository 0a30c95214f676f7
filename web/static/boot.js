// Before anything is drawn: styles for the time when scripts have run. Loaded as a file, because the content
// security policy forbids scripts inside pages.
document.documentElement.classList.add("app-scripted");
document.addEventListener("DOMContentLoaded", () => {
  document.body.classList.add("js-enabled");
  if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("nhsuk-frontend-supported");
});
