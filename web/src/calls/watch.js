/* What is said and sounded: a polite sentence when a call comes, goes, or is about to ring back, and a
 * sound before a ring back if that is wanted. Clocks are never read out. */
import { effect } from '@preact/signals';
import { announce } from '../ui.js';
import { calls, second } from '../events.js';
import { t } from '../i18n.js';
import { live, listen, shown, soundAt, speechOff } from './board.js';
import { callName } from './parts.js';
import { play } from './sound.js';
import { SoonWatch } from './soon.js';

const SPEECH_LEAD = 15;
const spoken = new Set(['call.parked', 'call.retrieved', 'call.ringback_answered', 'call.abandoned', 'call.hung_up', 'call.timed_out', 'call.forwarded']);

/* One sentence at a time: what comes within a moment of another is put behind it. */
let queue = [];
let timer = 0;

function speak(text) {
    if (speechOff.peek()) return;
    queue.push(text);
    clearTimeout(timer);
    timer = setTimeout(() => {
        announce(queue.length > 3 ? t('calls.speech.many', { n: queue.length }) : queue.join('. '));
        queue = [];
    }, 400);
}

function eventSpoken(item) {
    const visible = !item.orbit || item.ended || shown.peek().some((c) => c.id === item.call_id);
    if (spoken.has(item.event) && visible)
        speak(t(`calls.speech.${item.event}`, { orbit: item.orbit ?? '', caller: item.caller ?? t('calls.unknown') }));
}

/** Begins to watch; gives the function that ends it. */
export function startWatch() {
    const speech = new SoonWatch(), sound = new SoonWatch();
    const stopEvents = listen(eventSpoken);
    const stopTicks = effect(() => {
        const now = second.value;
        if (!live.value || calls.peek().length === 0) return;
        for (const call of speech.fresh(shown.peek(), now, SPEECH_LEAD * 1000))
            speak(t('calls.speech.soon', { call: callName(call), n: SPEECH_LEAD }));
        if (soundAt.value > 0 && sound.fresh(shown.peek(), now, soundAt.value * 1000).length > 0) play();
    });
    return () => {
        stopEvents();
        stopTicks();
        clearTimeout(timer);
        queue = [];
    };
}
