// Days of traffic, minute by minute, as tenants make them: what the forecast is judged by.
import { normal, poisson, type Random } from "./random.ts";

const DAY = 1440;

export interface Shape {
  readonly name: string;

  readonly minutes: readonly (number | null | undefined)[];
}

type Rate = (minute: number, day: number) => number;

const bump = (minute: number, middle: number, width: number) => Math.exp(-(((minute - middle) / width) ** 2));

const officeHours: Rate = (minute) => 4 + 70 * bump(minute, 620, 150) + 60 * bump(minute, 900, 160);
const hourlyJobs: Rate = (minute) => 12 + (minute % 60 < 10 ? 120 : 0);
const flat: Rate = () => 40;
const growing: Rate = (minute, day) => officeHours(minute, day) * (1 + 0.1 * day);
const weekend: Rate = (minute, day) => officeHours(minute, day) * (day % 7 >= 5 ? 0.15 : 1);
const nightBatch: Rate = (minute) => 6 + (minute >= 120 && minute < 200 ? 250 : 0);

function draw(random: Random, days: number, rate: Rate): number[] {
  return Array.from({ length: days * DAY }, (_, at) => poisson(random, rate(at % DAY, Math.floor(at / DAY))));
}

/** Moods that last: an AR(1) factor around one. */
function moody(random: Random, counts: readonly number[]): number[] {
  let mood = 0;
  return counts.map((count) => {
    mood = 0.98 * mood + 0.06 * normal(random);
    return Math.round(count * Math.exp(mood));
  });
}

const DAYS = 10;

export function generatedShapes(random: Random): Shape[] {
  const office = draw(random, DAYS, officeHours);
  const spiky = office.map((count) => (random() < 0.003 ? count * 20 : count));
  const gappy = office.map((count, at) => (at % 3000 > 2600 || random() < 0.02 ? undefined : count));
  return [
    { name: "office hours", minutes: office },
    { name: "office hours, varying", minutes: moody(random, office) },
    { name: "office hours, irregular minutes", minutes: spiky },
    { name: "office hours, gaps", minutes: gappy },
    { name: "growing by 10 % per day", minutes: draw(random, DAYS, growing) },
    { name: "week and weekend", minutes: draw(random, 14, weekend) },
    { name: "jobs on the hour", minutes: draw(random, DAYS, hourlyJobs) },
    { name: "a batch at night", minutes: draw(random, DAYS, nightBatch) },
    { name: "flat", minutes: draw(random, DAYS, flat) },
  ];
}
