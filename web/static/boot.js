// First thing in the body: the design system's styles for when scripts run, before anything is drawn. A file, because
// the content security policy forbids scripts inside pages.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("nhsuk-frontend-supported");
