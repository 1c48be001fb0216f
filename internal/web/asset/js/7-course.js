// The timeline of a retrospective by keyboard: j and k move, x keeps or drops,
// n notes, m marks, a adds, u takes the last keep or drop back.
(function () {
  'use strict';
  const H = window.hansei;
  const course = () => document.querySelector('[data-course]');
  const rows = () => [...document.querySelectorAll('[data-moment]')];
  const undone = []; // what was kept or dropped, the last at the end
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

  // Sends what a form says and puts the entry as it stands then in its place.
  async function tell(row, fields) {
    const answer = await fetch(course().dataset.course, {method: 'POST', body: new URLSearchParams({entry: row.dataset.moment, ...fields}),
      headers: {'HX-Request-Type': 'partial'}}).catch(() => null);
    if (!answer || !answer.ok) {
      H.say('It could not be saved; nothing was changed.');
      row.classList.add('hs-wrong');
      return;
    }
    const part = new DOMParser().parseFromString('<ol>' + await answer.text() + '</ol>', 'text/html').querySelector('[data-moment]');
    row.replaceWith(part);
    document.dispatchEvent(new CustomEvent('htmx:after:swap'));
    go(part);
  }

  function turn(row, remember) {
    const drop = row.dataset.dropped === undefined;
    if (remember) undone.push(row.dataset.moment);
    H.say(drop ? 'Dropped' : 'Kept');
    return tell(row, {dropped: drop ? 'yes' : 'no'});
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
    u: () => { const row = byID(undone.pop()); if (row) turn(row, false); },
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
    tell(row, fields);
  }, true);
})();
