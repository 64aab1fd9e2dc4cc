/* A short sound, made on the spot: two soft tones. A browser lets a page sound only after somebody has
 * pressed something in it; until then `blocked` is true and the next key or click lifts it. */
import { signal } from '@preact/signals';

export const blocked = signal(false);

let context = null;

function wake() {
    context?.resume().then(() => (blocked.value = context.state !== 'running'), () => {});
}

/** Call it when the sound is switched on, or is on when the page opens. */
export function readySound() {
    context ??= new (globalThis.AudioContext ?? globalThis.webkitAudioContext)();
    blocked.value = context.state !== 'running';
    wake();
    document.addEventListener('pointerdown', wake, { once: true });
    document.addEventListener('keydown', wake, { once: true });
}

function tone(frequency, from, length) {
    const oscillator = context.createOscillator(), gain = context.createGain();
    oscillator.frequency.value = frequency;
    // Rising and falling gently: a hard edge is a click.
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(0.2, from + 0.02);
    gain.gain.linearRampToValueAtTime(0, from + length);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(from);
    oscillator.stop(from + length);
}

export function play() {
    if (!context || context.state !== 'running') return;
    tone(660, context.currentTime, 0.18);
    tone(880, context.currentTime + 0.2, 0.28);
}
