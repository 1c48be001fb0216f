// The timeline of a retrospective by keyboard: j and k move, x keeps or drops,
// n notes, m marks, a adds, u takes the last keep or drop back.
(function () {
  'use strict';
  const H = window.hansei;
  const course = () => document.querySelector('[data-course]');
  const rows = () => [...document.querySelectorAll('[data-moment]')];
  const undone = []; // what was kept or dropped, the last at the end
  const waiting = {}; // by entry: how many keeps and drops are on their way, and what the last one says
  let at = ''; // the entry where the reader is

  const byID = (id) => rows().find((r) => r.dataset.moment === id);

  function go(row) {
    if (!row) return;
    at = row.dataset.moment;
    row.focus();
    row.scrollIntoView({block: 'nearest'});
  }

  function move(step) {
    const all = rows(), i = all.findIndex((r) => r.dataset.moment === at);
    go(all[Math.max(0, Math.min(all.length - 1, i < 0 ? 0 : i + step))]);
  }

  // Sends what a form says and puts the entry as it stands then in its place,
  // one after the other. A reader who has moved on meanwhile is left where they are.
  let last = Promise.resolve();
  function tell(id, fields, undo) {
    last = last.then(() => send(id, fields, undo));
    return last;
  }

  async function send(id, fields, undo) {
    const answer = await fetch(course().dataset.course, {method: 'POST', body: new URLSearchParams({entry: id, ...fields}),
      headers: {'HX-Request-Type': 'partial'}}).catch(() => null);
    const html = answer && answer.ok ? await answer.text().catch(() => '') : '';
    const row = byID(id), part = new DOMParser().parseFromString('<ol>' + html + '</ol>', 'text/html').querySelector('[data-moment]');
    if (!row) return;
    if (!part) {
      if (undo) undo(row);
      H.say('It could not be saved; nothing was changed.');
      row.classList.add('hs-wrong');
      return;
    }
    // The answer to an earlier key does not take back what a later one shows.
    if (waiting[id]) show(part, waiting[id].drop);
    row.replaceWith(part);
    document.dispatchEvent(new CustomEvent('htmx:after:swap'));
    if (at === id) go(part);
  }

  const show = (row, drop) => { row.classList.toggle('hs-dropped', drop); row.toggleAttribute('data-dropped', drop); };

  // Keeps or drops: the page shows it at once, and takes it back if it fails.
  function turn(row, remember) {
    const id = row.dataset.moment, drop = row.dataset.dropped === undefined;
    if (remember) undone.push(id);
    H.say(drop ? 'Dropped' : 'Kept');
    show(row, drop);
    const w = waiting[id] = waiting[id] || {n: 0};
    w.n++;
    w.drop = drop;
    return tell(id, {dropped: drop ? 'yes' : 'no'}, (now) => {
      if (w.n === 1) show(now, !drop);
      if (remember) undone.splice(undone.lastIndexOf(id), 1);
    }).then(() => { if (--w.n === 0) delete waiting[id]; });
  }

  function open(row, name) {
    const more = row.querySelector('[data-more]');
    more.open = true;
    more.querySelector(`[name=${name}]`).focus();
  }

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: (row) => row && turn(row, true),
    n: (row) => row && open(row, 'note'),
    m: (row) => row && open(row, 'marker'),
    u: () => { const row = byID(undone.pop()); if (row) { go(row); turn(row, false); } },
    a: () => {
      const add = document.querySelector('[data-newmoment]');
      add.open = true;
      add.querySelector('[name=at]').focus();
    },
  };

  document.addEventListener('keydown', (e) => {
    if (!course() || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'Escape' && e.target.closest('[data-more]')) {
      const row = e.target.closest('[data-moment]');
      row.querySelector('[data-more]').open = false;
      go(row);
      return;
    }
    if (H.typing(e.target) || document.querySelector('dialog[open]') || !keys[e.key] || H.pending()) return;
    keys[e.key](byID(at));
    e.preventDefault();
    e.stopPropagation();
  }, true);

  document.addEventListener('focusin', (e) => {
    const row = e.target.closest('[data-moment]');
    if (row) at = row.dataset.moment;
  });

  document.addEventListener('submit', (e) => {
    if (!e.target.matches('[data-tell]')) return;
    e.preventDefault();
    e.stopPropagation();
    const row = e.target.closest('[data-moment]'), fields = Object.fromEntries(new FormData(e.target));
    if (fields.dropped) undone.push(row.dataset.moment);
    tell(row.dataset.moment, fields);
  }, true);
})();
