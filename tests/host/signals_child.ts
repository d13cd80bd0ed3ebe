// The process that signals_test.ts sends signals to: it prints each signal, one word a line, and ends on stopNow.
import { onSignals } from "../../src/host/signals.ts";

const say = (word: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${word}\n`));
const alive = setInterval(() => {}, 1000);
const listening = onSignals({
  reload: () => say("reload"),
  stop: (signal) => {
    say(`stop ${signal}`);
    if (Deno.args[0] === "end-on-stop") {
      listening[Symbol.dispose]();
      clearInterval(alive);
    }
    if (Deno.args[0] === "dispose-on-stop") {
      listening[Symbol.dispose]();
      listening[Symbol.dispose]();
      say("disposed");
    }
  },
  stopNow: (signal) => {
    say(`stopNow ${signal}`);
    Deno.exit(7);
  },
  ignored: (signal) => say(`ignored ${signal}`),
});
say("ready");
