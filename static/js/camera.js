/* Camera page: a short live view, one picture a second for a minute. */
(function () {
  "use strict";
  var bz = window.bz, image = bz.$("#live"), button = bz.$("[data-live-toggle]");
  if (!image || !button) return;
  var timer = null, left = 0;
  function stop() { clearInterval(timer); timer = null; button.setAttribute("aria-pressed", "false"); }
  button.addEventListener("click", function () {
    if (timer) { stop(); return; }
    left = 60;
    button.setAttribute("aria-pressed", "true");
    timer = setInterval(function () {
      if (document.hidden || --left <= 0) { stop(); return; }
      image.src = image.dataset.liveSrc + "?t=" + Date.now();
    }, 1000);
  });
})();
