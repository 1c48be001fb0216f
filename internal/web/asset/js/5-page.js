// Small things: theme, filter bar, times, copying, toasts, uploads.
(function () {
  'use strict';
  const H = window.hansei;
  const narrow = window.matchMedia('(max-width: 48rem)');

  H.enhance((root) => {
    root.querySelectorAll('[data-theme-switch] input').forEach((i) => { i.checked = i.value === window.hanseiTheme.choice(); });
    root.querySelectorAll('[data-fold]:not([data-folded])').forEach((d) => {
      d.dataset.folded = '';
      d.open = !narrow.matches;
    });
    root.querySelectorAll('time[datetime]:not([data-local])').forEach(local);
    root.querySelectorAll('[data-zone]').forEach((el) => { el.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone; });
  });
  narrow.addEventListener('change', () => document.querySelectorAll('[data-fold]').forEach((d) => { d.open = !narrow.matches; }));

  // Times come in the organization's zone; the reader sees their own, named.
  function local(el) {
    const at = new Date(el.dateTime);
    if (isNaN(at)) return;
    el.dataset.local = '';
    if (el.dataset.brief !== undefined) {
      const p = Object.fromEntries(new Intl.DateTimeFormat('en-GB', {
        day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
      }).formatToParts(at).map((x) => [x.type, x.value]));
      el.textContent = `${p.day} ${p.month} ${p.hour}:${p.minute}:${p.second}`;
      return;
    }
    const parts = Object.fromEntries(new Intl.DateTimeFormat('en-GB', {
      day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short',
    }).formatToParts(at).map((p) => [p.type, p.value]));
    el.textContent = `${parts.day} ${parts.month} ${parts.year} ${parts.hour}:${parts.minute} ${parts.timeZoneName}`;
  }

  // A filter form sends only what is set, so that its URL stays short.
  function tidy(form) {
    form.querySelectorAll('input[name], select[name], textarea[name]').forEach((i) => { if (i.value === '') i.disabled = true; });
  }

  document.addEventListener('change', (e) => {
    const el = e.target;
    if (el.matches('[data-theme-switch] input')) window.hanseiTheme.set(el.value);
    if (el.matches('[data-reveal]')) {
      const more = el.closest('form').querySelector('[data-revealed]');
      more.dataset.revealed = el.value;
      if (el.value === el.dataset.reveal) {
        more.querySelector('input').focus();
        return;
      }
    }
    if (el.matches('[data-submit]') || (el.closest('[data-revealed]') && dated(el))) el.form.requestSubmit();
  });

  const dated = (el) => [...el.closest('[data-revealed]').querySelectorAll('input')].every((i) => i.value !== '');

  document.addEventListener('submit', (e) => { if (e.target.matches('[data-filter]')) tidy(e.target); }, true);

  document.addEventListener('click', (e) => {
    const copy = e.target.closest('[data-copy]');
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => H.say('Copied'), () => H.say('The browser did not allow copying'));
    const close = e.target.closest('[data-toast-close]');
    if (close) close.closest('[data-toast]').remove();
  });

  const zone = (e) => (e.target.closest ? e.target.closest('[data-upload]') : null);
  ['dragenter', 'dragover'].forEach((type) => document.addEventListener(type, (e) => {
    if (!zone(e)) return;
    e.preventDefault();
    zone(e).classList.add('hs-over');
  }));
  ['dragleave', 'drop'].forEach((type) => document.addEventListener(type, (e) => {
    if (zone(e)) zone(e).classList.remove('hs-over');
  }));
  document.addEventListener('drop', (e) => {
    const form = zone(e);
    if (!form) return;
    e.preventDefault();
    form.querySelector('input[type=file]').files = e.dataTransfer.files;
    form.requestSubmit();
  });

  // Uploads by script, to show how far they are; without it the form posts.
  document.addEventListener('submit', (e) => {
    if (!e.target.matches('[data-upload]')) return;
    e.preventDefault();
    const form = e.target, bar = form.querySelector('progress'), note = form.querySelector('.hs-upload-note');
    const button = form.querySelector('[type=submit]');
    const request = new XMLHttpRequest();
    const failed = (text) => { bar.hidden = true; button.disabled = false; note.textContent = text; };
    request.upload.addEventListener('progress', (p) => {
      if (!p.lengthComputable) return;
      bar.value = p.loaded / p.total;
      note.textContent = `${Math.floor(100 * p.loaded / p.total)} % of ${(p.total / 1e6).toFixed(1)} MB sent`;
    });
    request.addEventListener('load', () => {
      if (request.status < 400) H.visit(request.responseURL);
      else failed(request.getResponseHeader('Content-Type') === 'text/plain' ? request.responseText
        : 'The server did not take the file (status ' + request.status + '). Nothing was imported.');
    });
    request.addEventListener('error', () => failed('The connection broke. Nothing was imported; try again.'));
    bar.hidden = false;
    button.disabled = true;
    request.open('POST', form.action);
    request.send(new FormData(form));
  });
})();
