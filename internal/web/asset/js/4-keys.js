// Keys: Ctrl-K, /, ?, f, g and a letter, j, k, Enter.
(function () {
  'use strict';
  const H = window.hansei;
  let pending = 0; // when g was pressed
  H.pending = () => pending > 0 && Date.now() - pending < 1500;

  const rows = () => [...document.querySelectorAll('table[data-rows] tbody tr[data-href]')];

  function move(step) {
    const all = rows();
    if (all.length === 0) return;
    const at = all.indexOf(document.activeElement.closest('tr'));
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
    next.tabIndex = -1;
    next.focus();
  }

  function goTo(letter) {
    const a = [...document.querySelectorAll('a[data-key]')].find((a) => a.dataset.key === letter);
    if (a) H.visit(a.getAttribute('href'));
  }

  const keys = {
    '/': () => H.openPalette(),
    '?': () => { const d = document.getElementById('keys'); if (d && !d.open) d.showModal(); },
    g: () => { pending = Date.now(); },
    j: () => move(1),
    k: () => move(-1),
    f: () => {
      const fold = document.querySelector('[data-fold]');
      if (!fold) return;
      fold.open = true;
      fold.querySelector('form summary, form select, form input').focus();
    },
    Enter: () => {
      const tr = document.activeElement;
      if (tr.matches('tr[data-href]')) H.visit(tr.dataset.href);
      else return false;
    },
  };

  document.addEventListener('keydown', (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
      e.preventDefault();
      H.openPalette();
      return;
    }
    if (e.key === 'Escape') document.querySelectorAll('details.hs-drop[open], details.hs-about[open]').forEach(close);
    if (e.ctrlKey && e.key === 'Enter' && e.target.closest('[data-console]')) {
      e.target.closest('form').requestSubmit();
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || H.typing(e.target) || document.querySelector('dialog[open]')) return;
    if (H.pending()) {
      pending = 0;
      goTo(e.key);
      e.preventDefault();
      return;
    }
    const act = keys[e.key];
    if (act && act() !== false) e.preventDefault();
  });

  function close(details) {
    const inside = details.contains(document.activeElement);
    details.open = false;
    if (inside) details.querySelector('summary').focus();
  }

  // A click anywhere else closes what is open; a click on a row opens it.
  document.addEventListener('click', (e) => {
    document.querySelectorAll('details.hs-drop[open], details.hs-about[open]').forEach((d) => {
      if (!d.contains(e.target)) d.open = false;
    });
    const tr = e.target.closest('tr[data-href]');
    if (tr && !e.target.closest('a, button, input, label') && String(getSelection()) === '') H.visit(tr.dataset.href);
    if (e.target.closest('[data-keys-open]')) keys['?']();
    const nav = e.target.closest('[data-nav-toggle]');
    if (nav) {
      const open = document.querySelector('.hs-side').classList.toggle('hs-open');
      nav.setAttribute('aria-expanded', String(open));
    }
  });
})();
