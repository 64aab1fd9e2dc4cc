/* The music that callers hear: what it is and where it comes from, to be heard, replaced and reset. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html, ask, Badge, Button, Copy, Loading, ProblemBox, say } from '../ui.js';
import { del, fileAddress, get, put } from '../api.js';
import { onEvent } from '../events.js';
import { bytes, clock, dateTime } from '../format.js';
import { t } from '../i18n.js';
import { scopePath } from './scopes.js';
import { scopeName } from './words.js';

const MOST = 64 * 1024 * 1024, MOST_WORDS = '64 MiB';

function useMusic(scope) {
    const [state, setState] = useState({ music: null, error: null });
    const path = `music/${scopePath(scope)}`;
    const load = () => get(path).then((music) => setState({ music, error: null }), (error) => setState((now) => ({ ...now, error })));
    useEffect(() => {
        setState({ music: null, error: null });
        load();
        return onEvent((name) => /^(settings|music)\./.test(name) && load());
    }, [path]);
    return { ...state, path, load, taken: (music) => setState({ music, error: null }) };
}

/* Where it is inherited from: {scope: "site", name} as the API says it. */
function origin({ from }, places) {
    if (!from || from.scope === 'default') return t('settings.default');
    return t('settings.inherited', { scope: scopeName({ kind: from.scope, name: from.name ?? '' }, places) });
}

/* A native audio element has buttons that everybody knows, and its own keys. */
function Player({ path, file }) {
    const [on, setOn] = useState(false);
    const [failed, setFailed] = useState(false);
    const audio = useRef();
    useEffect(() => {
        setOn(false);
        setFailed(false);
    }, [file?.sha256, path]);
    useEffect(() => {
        if (on) audio.current?.play().catch(() => {}); // the button of the element is still there
    }, [on]);
    if (failed) return html`<p class="error">${t('settings.music.silent')}</p>`;
    if (!on) return html`<${Button} icon="play" onClick=${() => setOn(true)} data-testid="music-play">${t('settings.music.play')}<//>`;
    return html`<audio ref=${audio} controls preload="auto" aria-label=${t('settings.music.preview')} data-testid="music-audio" onError=${() => setFailed(true)}
        src=${fileAddress(`${path}/preview`)}></audio>`;
}

function Facts({ file }) {
    if (!file) return html`<p>${t('settings.music.builtin')}</p>`;
    return html`<dl class="fact-list">
        <div><dt>${t('settings.music.file')}</dt><dd>${file.name || t('settings.music.unnamed')}</dd></div>
        <div><dt>${t('settings.music.length')}</dt><dd>${clock(file.seconds)}</dd></div>
        <div><dt>${t('settings.music.size')}</dt><dd>${bytes(file.bytes)}${file.type ? `, ${file.type}` : ''}</dd></div>
        <div><dt>${t('settings.music.checksum')}</dt><dd class="checksum"><code>${file.sha256}</code> <${Copy} text=${file.sha256} label=${t('settings.music.checksum')} /></dd></div>
        ${file.uploaded_at && html`<div><dt>${t('settings.music.uploaded')}</dt><dd>${dateTime(file.uploaded_at)}${file.uploaded_by ? `, ${file.uploaded_by}` : ''}</dd></div>`}
    </dl>`;
}

function useUpload(state, onChanged) {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(null);
    const run = async (work, words) => {
        setBusy(true);
        setError(null);
        try {
            await work();
            await state.load();
            onChanged(); // it is a setting, so the scope has a new version
            say(words);
        } catch (problem) {
            setError(problem);
            if (problem.status === 412) void state.load();
        }
        setBusy(false);
    };
    const upload = (file) => {
        if (!file) return;
        if (file.size > MOST) {
            setError({ status: 413, detail: t('settings.music.large', { size: MOST_WORDS }), errors: [] });
            return;
        }
        const type = file.type.startsWith('audio/') ? file.type : 'application/octet-stream';
        void run(() => put(state.path, file, { type, version: state.music.version, query: { name: file.name } }), t('settings.music.done', { name: file.name }));
    };
    const restore = async () => {
        const sure = await ask({ title: t('settings.music.restore'), text: t('settings.music.restore.text'), action: t('settings.music.restore'), danger: true });
        if (sure) void run(() => del(state.path, { version: state.music.version }), t('settings.music.restored'));
    };
    return { busy, error, upload, restore };
}

export function Music({ scope, places, readonly, on, onChanged }) {
    const state = useMusic(scope), { music } = state;
    const { busy, error, upload, restore } = useUpload(state, onChanged);
    const input = useRef();
    return html`<section class="card music" aria-labelledby="music-title" data-testid="music"><h2 id="music-title">${t('settings.music')}</h2>
        <${ProblemBox} error=${error ?? state.error} />
        ${!on && html`<p class="warning">${t('settings.music.off')}</p>`}
        ${!music && !state.error && html`<${Loading} />`}
        ${music && html`<p>${music.own ? html`<${Badge} kind="good" icon="check">${t('settings.set_here')}<//>` : html`<${Badge}>${origin(music, places)}<//>`}</p>
            ${music.lost ? html`<p class="error">${t('settings.music.lost')}</p>` : html`<${Facts} file=${music.file} />`}
            <div class="bar"><${Player} path=${state.path} file=${music.file} />
                ${music.file && html`<${Button} icon="export" href=${fileAddress(`${state.path}/file`)} download=${music.file.name || 'music'}>${t('settings.music.download')}<//>`}
                ${!readonly && html`<input ref=${input} type="file" class="hidden" tabindex="-1" aria-hidden="true" accept="audio/*,.wav,.flac,.ogg,.mp3,.wma" data-testid="music-file"
                    onChange=${(e) => { upload(e.target.files[0]); e.target.value = ''; }} />
                <${Button} icon="import" busy=${busy} onClick=${() => input.current.click()}>${t('settings.music.replace')}<//>
                ${music.own && html`<${Button} icon="undo" disabled=${busy} onClick=${() => void restore()}>${t('settings.music.restore')}<//>`}`}</div>
            ${!readonly && html`<p class="help">${t('settings.music.help', { size: MOST_WORDS })}</p>`}`}
    </section>`;
}
