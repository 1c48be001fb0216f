// Applies the reader's theme before the first paint. It is the only script that
// holds up the page, so it does nothing else.
(function () {
  'use strict';
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  function saved() {
    try { return localStorage.getItem('hansei-theme') || 'system'; } catch (e) { return 'system'; }
  }
  function apply(picked) {
    var choice = typeof picked === 'string' ? picked : saved();
    var theme = choice === 'system' ? (dark.matches ? 'dark' : 'light') : choice;
    document.documentElement.setAttribute('data-bs-theme', theme);
    document.documentElement.setAttribute('data-theme-choice', choice);
    document.dispatchEvent(new CustomEvent('hansei:theme', {detail: theme}));
  }
  window.hanseiTheme = {
    choice: saved,
    set: function (choice) {
      try { localStorage.setItem('hansei-theme', choice); } catch (e) { /* private mode: this page only */ }
      apply(choice);
    },
  };
  dark.addEventListener('change', apply);
  document.documentElement.classList.add('hs-js');
  apply();
})();
