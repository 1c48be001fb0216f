// Writing a retrospective: sections are edited in place, saved while somebody
// types, and merged with what others write. Without it each section is a form.
(function () {
  'use strict';
  const H = window.hansei;
  const pollEvery = 3000, calm = 900, tab = Math.random().toString(36).slice(2);
  let doc = null, timer = 0;
  const states = new Map(); // by section: what is edited

  const section = (el) => el.closest('[data-section]');
  const area = (sec) => sec.querySelector('[data-editor] textarea[name=text]');
  const byID = (id) => doc && doc.querySelector(`[data-section="${CSS.escape(id)}"]`);
  const key = (id) => `hansei-draft ${doc.dataset.id} ${id}`;
  const store = { // the browser's own; it may be switched off
    get(k) { try { return JSON.parse(localStorage.getItem(k)); } catch { return null; } },
    set(k, v) { try { localStorage.setItem(k, JSON.stringify(v)); } catch { /* then the server alone keeps it */ } },
    drop(k) { try { localStorage.removeItem(k); } catch { /* the same */ } },
  };

  async function send(url, fields) {
    const answer = await fetch(url, {method: 'POST', body: new URLSearchParams(fields),
      headers: {'Accept': 'application/json', 'HX-Request-Type': 'partial'}});
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    const part = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const says = [...part.querySelectorAll('h2, p')].map((p) => p.textContent.trim()).filter(Boolean).join('. ').replace(/\.\./g, '.');
    throw Object.assign(new Error(says || 'The server did not take it.'), {status: answer.status});
  }

  function tell(text, wrong) {
    const box = document.getElementById('toasts'), note = document.createElement('div');
    note.className = 'hs-toast';
    note.dataset.toast = '';
    note.setAttribute('role', wrong ? 'alert' : 'status');
    const says = document.createElement('span');
    says.textContent = text;
    const close = document.createElement('button');
    close.type = 'button';
    close.className = 'hs-iconbtn';
    close.dataset.toastClose = '';
    close.setAttribute('aria-label', 'Close');
    close.textContent = '×';
    note.append(says, close);
    box.replaceChildren(note);
  }

  function saved(text, kind) {
    const at = doc && doc.querySelector('[data-saved]');
    if (!at || at.textContent === text) return;
    at.textContent = text;
    at.dataset.state = kind;
  }

  // Replaces the text of a field by a new one without losing the caret, and so
  // that the browser can undo it.
  function put(ta, text) {
    const old = ta.value;
    if (old === text) return;
    let lo = 0;
    const most = Math.min(old.length, text.length);
    while (lo < most && old[lo] === text[lo]) lo++;
    let end = 0;
    while (end < most - lo && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
    const hi = old.length - end, by = text.length - old.length, top = ta.scrollTop;
    const move = (at) => (at <= lo ? at : at >= hi ? at + by : Math.min(at, text.length - end));
    const a = move(ta.selectionStart), b = move(ta.selectionEnd), middle = text.slice(lo, text.length - end);
    ta.setSelectionRange(lo, hi);
    const done = document.activeElement === ta &&
      (middle ? document.execCommand('insertText', false, middle) : document.execCommand('delete'));
    if (!done || ta.value !== text) ta.value = text;
    ta.setSelectionRange(a, b);
    ta.scrollTop = top;
  }

  // ——— Editing ———

  function edit(sec, text) {
    const id = sec.dataset.section, form = sec.querySelector('[data-editor]'), ta = area(sec);
    if (states.has(id)) { ta.focus(); return; }
    const st = {base: form.elements.base.value, busy: null, since: 0, timer: 0, apart: false, shown: null};
    states.set(id, st);
    sec.classList.add('hs-editing');
    form.hidden = false;
    ta.value = text === undefined ? st.base : text;
    ta.focus();
    ta.setSelectionRange(ta.value.length, ta.value.length);
    grow(ta);
    preview(sec, st);
    if (ta.value !== st.base) typed(sec);
    here();
  }

  const grow = (ta) => { ta.style.height = 'auto'; ta.style.height = Math.min(ta.scrollHeight + 4, innerHeight * 0.7) + 'px'; };

  async function done(sec) {
    const id = sec.dataset.section, st = states.get(id);
    if (!st) return;
    if (!await save(sec, true)) return; // it stays open with what could not be saved
    states.delete(id);
    clearTimeout(st.timer);
    sec.classList.remove('hs-editing');
    sec.querySelector('[data-editor]').hidden = true;
    hideList(sec);
    if (st.news) show(st.news);
    const now = byID(id);
    now.focus({preventScroll: true});
    H.say(now.querySelector('h2').textContent + ' saved');
    here();
  }

  function typed(sec) {
    const id = sec.dataset.section, st = states.get(id), ta = area(sec);
    if (!st) return;
    store.set(key(id), {base: st.base, text: ta.value, at: Date.now()});
    saved('Saving …', 'busy');
    st.since = st.since || Date.now();
    clearTimeout(st.timer);
    const left = Number(doc.dataset.every) - (Date.now() - st.since);
    st.timer = setTimeout(() => save(sec), Math.max(0, Math.min(calm, left)));
    preview(sec, st);
    grow(ta);
  }

  // Saves what differs from what the server has. One request a section is under
  // way at a time; what is typed meanwhile is saved by the next.
  async function save(sec, last) {
    const id = sec.dataset.section, st = states.get(id), ta = area(sec);
    if (!st) return true;
    while (st.busy) await st.busy;
    clearTimeout(st.timer);
    const text = ta.value;
    if (text === st.base) { settled(id, st); return true; }
    let free;
    st.busy = new Promise((resolve) => { free = resolve; });
    st.since = 0;
    try {
      const news = await send(sec.dataset.url, {base: st.base, text});
      const now = news.sections[0];
      st.apart = news.apart === true;
      st.news = now;
      // Beside another text, ours goes on from what was sent; else from what
      // the server made of it, unless more was typed.
      if (!st.apart && ta.value === text) {
        put(ta, now.text);
        st.base = ta.value;
      } else {
        st.base = text;
      }
      sec.querySelector('[data-editor]').elements.base.value = st.base;
      parts(sec, now);
      if (st.apart) saved('Kept beside another text; choose when you are done', 'apart');
      free(st.busy = null);
      if (ta.value !== st.base) { typed(sec); return last ? save(sec, true) : true; }
      settled(id, st);
      return true;
    } catch (err) {
      free(st.busy = null);
      const gone = err.status === undefined;
      saved(gone ? 'Offline: kept in this browser, trying again' : 'Not saved: ' + err.message, 'wrong');
      if (gone || err.status >= 500) st.timer = setTimeout(() => save(sec), pollEvery);
      else if (last) tell(err.message + ' What you typed is kept in this browser.', true);
      return false;
    }
  }

  function settled(id, st) {
    store.drop(key(id));
    if (!st.apart) saved('All saved', 'ok');
  }

  function preview(sec, st) {
    const pane = sec.querySelector('[data-preview]'), text = area(sec).value;
    if (st.shown === text || pane.offsetParent === null) return;
    clearTimeout(st.preview);
    st.preview = setTimeout(async () => {
      st.shown = text;
      const answer = await fetch(doc.dataset.retro + '/preview', {method: 'POST', body: new URLSearchParams({text}), headers: {'HX-Request-Type': 'partial'}}).catch(() => null);
      if (!answer || !answer.ok || st.shown !== text) return;
      pane.innerHTML = await answer.text();
      document.dispatchEvent(new Event('htmx:after:swap'));
    }, st.shown === null ? 0 : 250);
  }

  // Asks the language model, which takes a while; everything else goes on.
  async function ask(form) {
    const button = form.querySelector('button'), says = form.querySelector('[data-says]');
    const working = (is) => {
      button.disabled = is;
      form.setAttribute('aria-busy', String(is));
      form.querySelector('[data-idle]').hidden = is;
      form.querySelector('[data-working]').hidden = !is;
    };
    working(true);
    says.textContent = '';
    H.say('The language model writes; this may take a minute');
    try {
      const news = await send(form.action, {});
      news.sections.forEach(show);
      tell(news.says);
    } catch (err) {
      says.textContent = err.status === undefined ? 'The server cannot be reached; nothing was changed.' : err.message;
    }
    working(false);
  }

  // ——— What others do ———

  const parsed = (html) => new DOMParser().parseFromString(html, 'text/html').querySelector('[data-section]');

  // Puts in what stands around a section's text, unless somebody writes there.
  function parts(sec, news) {
    const fresh = parsed(news.html);
    sec.querySelectorAll('[data-part]').forEach((old) => {
      const now = fresh.querySelector(`[data-part="${old.dataset.part}"]`);
      if (now && !old.contains(document.activeElement) && ![...old.querySelectorAll('textarea')].some((t) => t.value !== t.defaultValue)) old.replaceWith(now);
      else if (now) return;
    });
    sec.dataset.hash = news.hash;
    if (window.htmx) window.htmx.process(sec);
    document.dispatchEvent(new Event('htmx:after:swap'));
  }

  // Shows a section as it stands now. One that is edited takes over the text
  // only when nothing is typed that is not saved.
  function show(news) {
    const sec = byID(news.id);
    if (!sec || sec.dataset.hash === news.hash) return;
    const st = states.get(news.id);
    if (st) {
      const ta = area(sec);
      if (!st.busy && !st.apart && ta.value === st.base && news.text !== st.base) {
        put(ta, news.text);
        st.base = ta.value;
        sec.querySelector('[data-editor]').elements.base.value = st.base;
        st.shown = null;
        preview(sec, st);
      }
      parts(sec, news);
      return;
    }
    const busy = sec.contains(document.activeElement) && document.activeElement.matches('textarea, input');
    if (busy || [...sec.querySelectorAll('[data-part] textarea')].some((t) => t.value !== t.defaultValue)) {
      parts(sec, news);
      const form = sec.querySelector('[data-editor]');
      form.elements.base.value = area(sec).value = news.text;
      return;
    }
    const focused = sec.contains(document.activeElement);
    const fresh = parsed(news.html);
    sec.replaceWith(fresh);
    if (window.htmx) window.htmx.process(fresh);
    document.dispatchEvent(new Event('htmx:after:swap'));
    if (focused) fresh.focus({preventScroll: true});
  }

  async function here() {
    clearTimeout(timer);
    if (!doc || !doc.isConnected) return;
    const at = doc, now = section(document.activeElement) || null;
    const writes = now && states.has(now.dataset.section) ? now.dataset.section : [...states.keys()][0] || '';
    const shows = Object.fromEntries([...doc.querySelectorAll('[data-section]')].map((s) => [s.dataset.section, s.dataset.hash]));
    try {
      const news = await send(doc.dataset.retro + '/here', {tab, section: writes, shows: JSON.stringify(shows)});
      if (at !== doc) return;
      news.sections.forEach(show);
      present(news.here || []);
    } catch { /* the next one may arrive; saving says what is wrong */ }
    clearTimeout(timer);
    if (doc && !document.hidden) timer = setTimeout(here, pollEvery);
  }

  function present(list) {
    const box = doc.querySelector('[data-here]');
    const names = list.map((v) => {
      const sec = v.section && byID(v.section);
      return v.name + (sec ? ' writes in ' + sec.querySelector('h2').textContent : ' is here');
    });
    const text = names.join(' · ');
    if (box.textContent !== text) box.textContent = text;
    doc.querySelectorAll('[data-who]').forEach((el) => {
      const who = list.filter((v) => v.section === section(el).dataset.section).map((v) => v.name).join(', ');
      const says = who ? who + ' writes here' : '';
      if (el.textContent !== says) el.textContent = says;
    });
  }

  function leave() {
    if (doc) navigator.sendBeacon(doc.dataset.retro + '/here', new URLSearchParams({tab, left: 'yes'}));
  }

  // ——— Completion of @ and # ———

  const listOf = (ta) => ta.parentElement.querySelector('[data-complete]');
  function hideList(sec) { sec.querySelectorAll('[data-complete]').forEach((l) => { l.hidden = true; l.replaceChildren(); }); }
  let asked = 0;

  // What is begun before the caret: an @ or # and what was typed after it.
  const begun = (ta) => /(?:^|[\s("'–—-])([@#](?:[\p{L}\p{N}._:-]+ ?[\p{L}\p{N}._:-]*)?)$/u.exec(ta.value.slice(0, ta.selectionStart));

  async function complete(ta) {
    const mine = ++asked, m = begun(ta);
    let list = listOf(ta);
    if (!list && m) {
      list = document.createElement('ul');
      list.className = 'hs-complete-list';
      list.setAttribute('role', 'listbox');
      list.dataset.complete = '';
      ta.after(list);
    }
    if (!list) return;
    if (!m || (m[1][0] === '#' && m[1].length > 1 && /^#+\s/.test(m[1]))) { list.hidden = true; return; }
    const answer = await fetch(doc.dataset.retro + '/complete?q=' + encodeURIComponent(m[1]), {headers: {'HX-Request-Type': 'partial'}}).catch(() => null);
    if (mine !== asked || !answer || !answer.ok) return;
    const found = await answer.json();
    list.replaceChildren(...found.map((c, i) => {
      const li = document.createElement('li');
      li.setAttribute('role', 'option');
      li.setAttribute('aria-selected', String(i === 0));
      li.dataset.insert = c.insert;
      const hint = document.createElement('small');
      hint.textContent = c.hint;
      li.append(c.text, hint);
      return li;
    }));
    list.hidden = found.length === 0;
    if (found.length) H.say(found.length + ' suggestions');
  }

  function take(ta, option) {
    // More may have been typed since these options were asked for.
    const at = ta.selectionStart, lo = at - (begun(ta)?.[1].length ?? 0);
    ta.focus();
    ta.setSelectionRange(lo, at);
    insert(ta, option.dataset.insert + ' ');
    listOf(ta).hidden = true;
  }

  function insert(ta, text) {
    if (!document.execCommand('insertText', false, text)) {
      ta.setRangeText(text, ta.selectionStart, ta.selectionEnd, 'end');
      ta.dispatchEvent(new Event('input', {bubbles: true}));
    }
  }

  function choose(ta, step) {
    const all = [...listOf(ta).children], at = all.findIndex((o) => o.getAttribute('aria-selected') === 'true');
    all.forEach((o, i) => o.setAttribute('aria-selected', String(i === (at + step + all.length) % all.length)));
  }

  // ——— Pictures ———

  async function pictures(ta, files) {
    for (const f of files) {
      if (f.size > 5 << 20) { tell('A picture has at most 5 MB.', true); continue; }
      saved('Sending the picture …', 'busy');
      const answer = await fetch(doc.dataset.retro + '/pictures', {method: 'POST', body: f, headers: {'HX-Request-Type': 'partial'}}).catch(() => null);
      if (answer && answer.ok) {
        ta.focus();
        insert(ta, (await answer.json()).insert + '\n');
        continue;
      }
      const part = answer && new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('p');
      tell(part ? part.textContent : 'The picture could not be sent. Try again.', true);
      saved('', '');
    }
  }
  const images = (data) => [...(data ? data.files : [])].filter((f) => f.type.startsWith('image/'));

  // ——— Listening ———

  H.enhance(() => {
    const now = document.querySelector('[data-retro][data-every]');
    if (now === doc) return;
    if (doc) leave();
    doc = now;
    states.clear();
    if (!doc) return;
    doc.querySelectorAll('[data-section]').forEach((sec) => {
      const draft = store.get(key(sec.dataset.section)), form = sec.querySelector('[data-editor]');
      if (draft && draft.text !== form.elements.base.value) {
        form.elements.base.value = draft.base;
        edit(sec, draft.text);
        tell('What you typed in “' + sec.querySelector('h2').textContent + '” before the page closed is back.');
      } else if (draft) {
        store.drop(key(sec.dataset.section));
      } else if (!form.hidden) {
        edit(sec);
      }
    });
    here();
  });

  document.addEventListener('visibilitychange', () => { if (!document.hidden) here(); });
  window.addEventListener('pagehide', leave);
  window.addEventListener('online', () => { if (doc) states.forEach((st, id) => save(byID(id))); });
  window.addEventListener('beforeunload', (e) => {
    if ([...states].some(([id, st]) => area(byID(id)) && area(byID(id)).value !== st.base)) e.preventDefault();
  });

  document.addEventListener('click', (e) => {
    if (!doc || !doc.contains(e.target)) return;
    const link = e.target.closest('[data-edit]');
    if (link) {
      e.preventDefault();
      e.stopImmediatePropagation();
      edit(section(link));
      return;
    }
    const option = e.target.closest('[data-complete] [role=option]');
    if (option) take(option.parentElement.parentElement.querySelector('textarea'), option);
    const say = e.target.closest('[data-say] > summary');
    if (say) {
      const text = String(getSelection()).trim(), source = area(section(say)).value;
      const field = say.parentElement.querySelector('[data-passage]');
      if (text && source.includes(text)) field.value = text;
    }
  }, true);

  document.addEventListener('submit', (e) => {
    if (!doc || !doc.contains(e.target)) return;
    const form = e.target, sec = section(form);
    if (form.matches('[data-editor]')) {
      e.preventDefault();
      e.stopImmediatePropagation();
      done(sec);
    } else if (form.matches('[data-ask]')) {
      e.preventDefault();
      e.stopImmediatePropagation();
      ask(form);
    } else if (form.matches('[data-part-form]')) {
      e.preventDefault();
      e.stopImmediatePropagation();
      const fields = new FormData(form);
      send(form.action, fields).then((news) => {
        form.reset();
        if (sec.contains(document.activeElement)) sec.focus({preventScroll: true});
        sec.dataset.hash = '';
        const st = states.get(sec.dataset.section);
        if (st) st.apart = false;
        news.sections.forEach(show);
      }).catch((err) => tell(err.message, true));
    }
  }, true);

  document.addEventListener('input', (e) => {
    if (!doc || !doc.contains(e.target) || !e.target.matches('textarea')) return;
    if (e.target.closest('[data-editor]')) typed(section(e.target));
    if (e.target.matches('[data-completes]') || e.target.closest('[data-editor]')) complete(e.target);
  });

  document.addEventListener('keydown', (e) => {
    if (!doc || e.isComposing) return;
    const ta = e.target.matches('textarea') && doc.contains(e.target) ? e.target : null;
    if (ta) {
      const list = listOf(ta);
      if (list && !list.hidden) {
        const act = {ArrowDown: () => choose(ta, 1), ArrowUp: () => choose(ta, -1), Escape: () => { list.hidden = true; },
          Enter: () => take(ta, list.querySelector('[aria-selected=true]')), Tab: () => take(ta, list.querySelector('[aria-selected=true]'))}[e.key];
        if (act) { e.preventDefault(); e.stopImmediatePropagation(); act(); return; }
      }
      if (ta.closest('[data-editor]') && (e.key === 'Escape' || (e.key === 'Enter' && (e.ctrlKey || e.metaKey)))) {
        e.preventDefault();
        e.stopImmediatePropagation();
        done(section(ta));
      } else if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && ta.closest('[data-part-form]')) {
        e.preventDefault();
        ta.form.requestSubmit();
      }
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || H.typing(e.target) || document.querySelector('dialog[open]')) return;
    const all = [...doc.querySelectorAll('[data-section]')], at = all.indexOf(section(e.target));
    if (e.key === 'e') edit(all[Math.max(0, at)]);
    else if (e.key === 'j' || e.key === 'k') all[Math.max(0, Math.min(all.length - 1, at + (e.key === 'j' ? 1 : -1)))].focus();
    else if (e.key === 'Enter' && e.target.matches('[data-section]')) edit(e.target);
    else return;
    e.preventDefault();
    e.stopImmediatePropagation();
  }, true);

  document.addEventListener('paste', (e) => {
    const files = doc && e.target.closest && e.target.closest('[data-editor]') ? images(e.clipboardData) : [];
    if (files.length === 0) return;
    e.preventDefault();
    pictures(area(section(e.target)), files);
  });
  document.addEventListener('dragover', (e) => { if (doc && e.target.closest && e.target.closest('[data-editor]')) e.preventDefault(); });
  document.addEventListener('drop', (e) => {
    const files = doc && e.target.closest && e.target.closest('[data-editor]') ? images(e.dataTransfer) : [];
    if (files.length === 0) return;
    e.preventDefault();
    pictures(area(section(e.target)), files);
  });
})();
