// The start of app.js: what the other files share. Everything here adds to
// pages that already work; each file listens on the document, so that content
// that is swapped in later needs no wiring.
(function () {
  'use strict';

  const H = {
    // Runs fn on the page now and on every part that is swapped in later.
    enhance(fn) { enhancers.push(fn); },
    // Opens a page the way a click on a link does.
    visit(url) {
      const a = document.createElement('a');
      a.href = url;
      a.hidden = true;
      document.body.append(a);
      if (window.htmx) window.htmx.process(a);
      a.click();
      a.remove();
    },
    // Says something to those who cannot see it happen.
    say(text) {
      const live = document.getElementById('live');
      if (live) live.textContent = text;
    },
    // Whether a key pressed here is meant as text.
    typing(el) { return el.closest('input, textarea, select, [contenteditable]') !== null; },
    save(name, blob) {
      const a = document.createElement('a');
      a.href = URL.createObjectURL(blob);
      a.download = name;
      a.setAttribute('hx-boost', 'false');
      document.body.append(a);
      a.click();
      a.remove();
      setTimeout(() => URL.revokeObjectURL(a.href), 1000);
    },
  };
  const enhancers = [];
  const run = () => enhancers.forEach((fn) => fn(document));
  document.addEventListener('DOMContentLoaded', run);
  document.addEventListener('htmx:after:swap', run);
  // A page that was swapped in says its name, as a loaded one would.
  document.addEventListener('htmx:after:settle', (e) => {
    const h1 = document.querySelector('h1');
    if (e.target === document.body && h1) H.say(h1.textContent);
  });
  window.hansei = H;
})();
