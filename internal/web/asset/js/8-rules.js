// Lists whose items can be put in order by dragging or by keys, and forms that
// ask before they are left with changes.
//
// [data-sortable] holds [data-sort-item]s. Each has a [data-sort-handle] (drag
// it, or Alt and an arrow key), and perhaps [data-sort-move] and
// [data-sort-remove] buttons, which without a script post the form. With
// data-sort-post each move is sent at once, by name; else the order of the
// items is the order of the form.
(function () {
  'use strict';
  const H = window.hansei;
  let dragged = null, dirty = null;

  const items = (list) => [...list.querySelectorAll('[data-sort-item]')];
  const listOf = (el) => el.closest('[data-sortable]');
  const titleOf = (item) => item.dataset.sortName || (item.querySelector('input[type=text]') || {}).value || 'The part';

  function moved(item) {
    const list = listOf(item), all = items(list), at = all.indexOf(item);
    H.say(`${titleOf(item)}: ${at + 1} of ${all.length}`);
    if (list.dataset.sortPost) return send(list, item, all[at + 1]);
    const form = item.closest('form');
    if (form) {
      dirty = form.matches('[data-guard]') ? form : dirty;
      form.dispatchEvent(new Event('sorted', { bubbles: true }));
    }
  }

  // The move as a form, so that the answer is a page with its undo.
  function send(list, item, next) {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = list.dataset.sortPost;
    const fields = { do: 'move', name: item.dataset.sortName, before: next ? next.dataset.sortName : '' };
    for (const [name, value] of Object.entries(fields)) {
      const input = document.createElement('input');
      input.type = 'hidden';
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    if (window.htmx) window.htmx.process(form);
    form.requestSubmit();
  }

  function step(item, by) {
    const all = items(listOf(item)), at = all.indexOf(item), to = all[at + by];
    if (!to) return;
    const focused = document.activeElement;
    if (by < 0) to.before(item); else to.after(item);
    if (item.contains(focused)) focused.focus();
    moved(item);
  }

  document.addEventListener('keydown', (e) => {
    if (!e.altKey || (e.key !== 'ArrowUp' && e.key !== 'ArrowDown')) return;
    const item = e.target.closest && e.target.closest('[data-sort-item]');
    if (!item) return;
    e.preventDefault();
    step(item, e.key === 'ArrowUp' ? -1 : 1);
  });

  document.addEventListener('click', (e) => {
    const button = e.target.closest('[data-sort-move], [data-sort-remove], [data-part-add]');
    if (!button) return;
    e.preventDefault();
    const item = button.closest('[data-sort-item]');
    if (button.matches('[data-sort-move]')) return step(item, button.dataset.sortMove === 'up' ? -1 : 1);
    if (button.matches('[data-part-add]')) return add(button);
    const next = item.nextElementSibling || item.previousElementSibling;
    const list = listOf(item);
    if (items(list).length === 1) return H.say('The last part stays');
    item.remove();
    H.say(`${titleOf(item)} was removed`);
    if (next) next.querySelector('input[type=text]').focus();
    moved(items(list)[0]);
  });

  // A new item is the last one again, emptied.
  function add(button) {
    const list = button.parentElement.querySelector('[data-sortable]'), all = items(list);
    const item = all[all.length - 1].cloneNode(true);
    item.querySelectorAll('input, textarea').forEach((i) => { i.value = ''; });
    list.append(item);
    item.querySelector('input[type=text]').focus();
    moved(item);
  }

  // Dragging begins at the handle alone, so that text can be marked.
  document.addEventListener('pointerdown', (e) => {
    const handle = e.target.closest('[data-sort-handle]');
    if (handle) handle.closest('[data-sort-item]').draggable = true;
  });
  document.addEventListener('dragstart', (e) => {
    const item = e.target.closest && e.target.closest('[data-sort-item]');
    if (!item || !item.draggable) return;
    dragged = { item, after: item.nextElementSibling };
    e.dataTransfer.effectAllowed = 'move';
    e.dataTransfer.setData('text/plain', '');
    item.classList.add('hs-dragged');
  });
  document.addEventListener('dragover', (e) => {
    if (!dragged || !listOf(e.target) || listOf(e.target) !== listOf(dragged.item)) return;
    e.preventDefault();
    const over = e.target.closest('[data-sort-item]');
    if (!over || over === dragged.item) return;
    const box = over.getBoundingClientRect();
    if (e.clientY < box.top + box.height / 2) over.before(dragged.item); else over.after(dragged.item);
  });
  document.addEventListener('dragend', () => {
    if (!dragged) return;
    const { item, after } = dragged;
    dragged = null;
    item.classList.remove('hs-dragged');
    item.draggable = false;
    if (item.nextElementSibling !== after) moved(item);
  });

  document.addEventListener('input', (e) => { dirty = e.target.closest('form[data-guard]') || dirty; });
  document.addEventListener('submit', () => { dirty = null; }, true);
  const changed = () => dirty && dirty.isConnected;
  window.addEventListener('beforeunload', (e) => { if (changed()) e.preventDefault(); });
  document.addEventListener('click', (e) => {
    const a = e.target.closest('a[href]');
    if (!a || !changed() || e.ctrlKey || e.metaKey || e.shiftKey || a.target || a.getAttribute('href').startsWith('#')) return;
    if (window.confirm('What you changed here is not saved. Leave it?')) dirty = null;
    else {
      e.preventDefault();
      e.stopImmediatePropagation();
    }
  }, true);
})();
