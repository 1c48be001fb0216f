// The command palette: Ctrl-K or / opens it, letters narrow it, records come
// from the server.
(function () {
  'use strict';
  const H = window.hansei;
  const dialog = () => document.getElementById('palette');
  const input = () => document.getElementById('palette-input');
  const list = () => document.getElementById('palette-list');
  const shown = () => [...list().querySelectorAll('[data-command]:not([hidden])')];
  let timer, asked = 0;

  function open(text) {
    if (!dialog() || dialog().open) return;
    input().value = text || '';
    filter();
    dialog().showModal();
    input().focus();
    if (text) records();
  }

  // From the box in the header, which the focus comes back to. That it has the
  // focus opens nothing, so that a Tab goes on from it.
  function openFrom(box) {
    const text = box.value;
    box.value = '';
    box.focus();
    open(text);
  }

  // Every word must be in the entry; entries from the server always match.
  function filter() {
    const words = input().value.toLowerCase().split(/\s+/).filter(Boolean);
    list().querySelectorAll('[data-command]').forEach((o) => {
      const text = o.textContent.toLowerCase();
      o.hidden = !o.dataset.found && !words.every((w) => text.includes(w));
    });
    select(0);
  }

  function select(i) {
    list().querySelectorAll('[data-command]').forEach((o) => {
      o.setAttribute('aria-selected', 'false');
      o.removeAttribute('id');
    });
    const all = shown();
    all.forEach((o, k) => { o.id = 'palette-option-' + k; });
    if (all[i]) {
      all[i].setAttribute('aria-selected', 'true');
      all[i].scrollIntoView({block: 'nearest'});
      input().setAttribute('aria-activedescendant', all[i].id);
    } else {
      input().removeAttribute('aria-activedescendant');
    }
    dialog().querySelector('.hs-palette-none').hidden = all.length > 0;
  }

  async function records() {
    const url = input().dataset.searchUrl, q = input().value.trim(), mine = ++asked;
    list().querySelectorAll('[data-found]').forEach((o) => o.remove());
    if (url && q.length > 1) {
      const answer = await fetch(url + (url.includes('?') ? '&' : '?') + 'q=' + encodeURIComponent(q), {headers: {'HX-Request': 'true'}})
        .catch(() => null);
      if (mine !== asked || !answer || !answer.ok) return;
      const part = new DOMParser().parseFromString(await answer.text(), 'text/html');
      part.querySelectorAll('[data-command]').forEach((o) => {
        o.dataset.found = 'yes';
        list().append(o);
      });
    }
    filter();
    H.say(shown().length + ' results');
  }

  document.addEventListener('input', (e) => {
    if (e.target.matches('[data-palette-open]')) openFrom(e.target);
    if (e.target.id !== 'palette-input') return;
    filter();
    clearTimeout(timer);
    timer = setTimeout(records, 120);
  });

  document.addEventListener('keydown', (e) => {
    if (e.target.id !== 'palette-input') return;
    const all = shown();
    const at = all.findIndex((o) => o.getAttribute('aria-selected') === 'true');
    if (e.key === 'ArrowDown') select(Math.min(at + 1, all.length - 1));
    else if (e.key === 'ArrowUp') select(Math.max(at - 1, 0));
    else if (e.key === 'Enter') { if (all[at]) go(all[at]); }
    else return;
    e.preventDefault();
  });

  document.addEventListener('submit', (e) => {
    if (!e.target.matches('.hs-search')) return;
    e.preventDefault();
    e.stopPropagation();
    openFrom(e.target.querySelector('[data-palette-open]'));
  }, true);

  function go(option) {
    dialog().close();
    H.visit(option.getAttribute('href'));
  }

  document.addEventListener('click', (e) => {
    const option = e.target.closest('#palette-list [data-command]'), search = e.target.closest('.hs-search');
    if (search) openFrom(search.querySelector('[data-palette-open]'));
    if (option) dialog().close();
    else if (e.target === dialog()) dialog().close(); // the backdrop
  });
  H.openPalette = () => open();
})();
