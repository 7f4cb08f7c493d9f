/** Isolates that hold slots of one server, and the object that grants them, connected by messages that take their time. */
import { createRandom } from "../../../scripts/sim/random.ts";
import { type PendingSlotRequest, SlotHolder } from "../../../src/core/resilience/slot-holder.ts";
import { SlotIssuer } from "../../../src/core/resilience/slot-issuer.ts";
import { SLOT_TTL_MS, type SlotReply } from "../../../src/core/resilience/slots.ts";

interface Call {
  /** It has run under a grant that was in force, without interruption. */
  isCovered: boolean;
}

export class Isolate {
  holder = new SlotHolder();
  id: string;
  calls: Call[] = [];
  waiting = 0;
  started = 0;
  readonly clockSkewMs: number;

  constructor(id: string, clockSkewMs: number) {
    this.id = id;
    this.clockSkewMs = clockSkewMs;
  }

  get load() {
    return { running: this.calls.length, waiting: this.waiting };
  }

  die(): void {
    this.holder = new SlotHolder();
    this.id = `${this.id}'`;
    this.calls = [];
    this.waiting = 0;
  }
}

interface Message {
  readonly isolate: Isolate;
  readonly from: SlotHolder;
  readonly holderId: string;
  readonly ask: PendingSlotRequest;
  reply?: SlotReply;
}

export class SlotWorld {
  readonly isolates: readonly Isolate[];
  messages: Message[] = [];
  now = 5_000_000;
  mostRunning = 0;
  capacity: number;
  #issuer = new SlotIssuer();

  constructor(capacity: number, clockSkewsMs: readonly number[]) {
    this.capacity = capacity;
    this.isolates = clockSkewsMs.map((skew, at) => new Isolate(`i${at}`, skew));
  }

  get running(): number {
    return this.isolates.reduce((sum, { calls }) => sum + calls.length, 0);
  }

  get covered(): number {
    return this.isolates.reduce((sum, { calls }) => sum + calls.filter((call) => call.isCovered).length, 0);
  }

  arrive(isolate: Isolate): void {
    isolate.waiting += 1;
    this.#advance(isolate);
  }

  end(isolate: Isolate, which: number): void {
    const [ended] = isolate.calls.splice(which % Math.max(1, isolate.calls.length), 1);
    if (ended === undefined) return;
    isolate.holder.recordEnd(isolate.load, this.#clock(isolate));
    this.#advance(isolate);
  }

  /** What a running or waiting call does from time to time. */
  tick(isolate: Isolate): Message | undefined {
    isolate.holder.capacity = this.capacity;
    const ask = isolate.holder.buildRequest(isolate.load, this.#clock(isolate));
    if (ask === undefined) return undefined;
    const message = { isolate, from: isolate.holder, holderId: isolate.id, ask };
    this.messages.push(message);
    return message;
  }

  /** On its way there, or on its way back. */
  step(message: Message): void {
    const { isolate, from, holderId, ask } = message;
    if (message.reply === undefined) {
      message.reply = this.#issuer.issue({ ...ask, serverId: "s", holderId }, this.now);
      return;
    }
    this.drop(message);
    if (from !== isolate.holder) return;
    from.applyReply(ask, message.reply, isolate.load, this.#clock(isolate));
    this.#advance(isolate);
  }

  lose(message: Message): void {
    this.drop(message);
    message.from.markLost(message.ask, this.#clock(message.isolate));
    this.#advance(message.isolate);
  }

  messageAt(which: number): Message | undefined {
    return this.messages[which % Math.max(1, this.messages.length)];
  }

  drop(message: Message): void {
    this.messages = this.messages.filter((other) => other !== message);
  }

  restart(): void {
    this.#issuer = new SlotIssuer(this.now + SLOT_TTL_MS);
  }

  wait(ms: number): void {
    this.now += ms;
    for (const isolate of this.isolates) this.#uncover(isolate);
  }

  /**
   * A busy server, in steps of some milliseconds: calls come and end, requests take some milliseconds each way,
   * isolates die, and the object loses its memory every seven seconds. Returns the longest time for which an isolate waited for a slot.
   */
  simulate({ seed, forMs, maxWaiting }: { seed: number; forMs: number; maxWaiting: number }): number {
    const random = createRandom(seed);
    const due = new Map<Message, number>();
    const waitingSince = new Map<Isolate, number>();
    let longestWaitMs = 0;
    for (let step = 1; step * STEP_MS <= forMs; step += 1) {
      this.wait(STEP_MS);
      if (step % STEPS_PER_RESTART === 0) this.restart();
      for (const [message, at] of due) {
        if (at > this.now) continue;
        due.delete(message);
        this.step(message);
        if (message.reply !== undefined && this.messages.includes(message))
          due.set(message, this.now + random() * MAX_TRANSIT_MS);
      }
      for (const isolate of this.isolates) {
        if (random() < 0.0005) isolate.die();
        if (random() < 0.1 && isolate.waiting < maxWaiting) this.arrive(isolate);
        if (random() < 0.1) this.end(isolate, Math.floor(random() * 8));
        if (step % STEPS_PER_RETURN === 0) isolate.holder.returnIdle(isolate.load);
        const message = this.tick(isolate);
        if (message !== undefined) due.set(message, this.now + random() * MAX_TRANSIT_MS);
        const since =
          isolate.waiting === 0 || isolate.calls.length > 0 ? undefined : waitingSince.get(isolate);
        waitingSince.set(isolate, since ?? this.now);
        longestWaitMs = Math.max(longestWaitMs, this.now - (since ?? this.now));
      }
      this.mostRunning = Math.max(this.mostRunning, this.running);
    }
    return longestWaitMs;
  }

  #clock({ clockSkewMs }: Isolate): number {
    return this.now + clockSkewMs;
  }

  #advance(isolate: Isolate): void {
    const { holder, calls } = isolate;
    holder.capacity = this.capacity;
    this.#uncover(isolate);
    while (isolate.waiting > 0 && calls.length < holder.limit(this.#clock(isolate))) {
      isolate.waiting -= 1;
      isolate.started += 1;
      calls.push({ isCovered: !holder.isUnreachable });
      holder.recordStart(isolate.load);
    }
  }

  /** Calls that outlive their grant. */
  #uncover({ holder, calls, clockSkewMs }: Isolate): void {
    if (holder.isUnreachable) return;
    const uncovered = calls.length - holder.limit(this.now + clockSkewMs);
    for (const call of calls.slice(0, Math.max(0, uncovered))) call.isCovered = false;
  }
}

const STEP_MS = 10;
const MAX_TRANSIT_MS = 40;
const STEPS_PER_RESTART = 700;
const STEPS_PER_RETURN = 20;
