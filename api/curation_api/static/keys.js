/* Keys for the review form: a digit or letter chooses what carries it, unless somebody is typing. The page works without it. */
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("textarea, select, input:not([type=radio]):not([type=checkbox])")) {
    return;
  }
  const wanted = document.querySelector(`form[data-keys] [data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (wanted !== null) {
    wanted.checked = true;
    wanted.focus();
    event.preventDefault();
  }
});
