/* Set the theme before the first paint: ?theme=, then the person's choice, then the system. */
(function () {
  "use strict";
  var root = document.documentElement;
  var asked = new URLSearchParams(location.search).get("theme");
  var chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch (error) { chosen = null; }
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    var theme = asked || chosen || (dark.matches ? "dark" : "light");
    root.dataset.bsTheme = theme === "dark" ? "dark" : "light";
  }
  dark.addEventListener("change", apply);
  apply();
  window.bz = {
    /* Switch between light and dark, keep the choice, tell charts to redraw. */
    switchTheme: function () {
      asked = null;
      chosen = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try { localStorage.setItem("theme", chosen); } catch (error) { /* private window */ }
      apply();
      document.dispatchEvent(new CustomEvent("bz:theme"));
    },
    /* The value of a design token, for canvas drawing. */
    token: function (name) {
      return getComputedStyle(root).getPropertyValue("--" + name).trim();
    },
  };
})();
