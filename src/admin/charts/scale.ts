/** Numbers and times as people read them on an axis. */
import { DAY_MS } from "../../core/durations.ts";

/** At most five steps of 1, 2 or 5 times a power of ten, from zero. */
export function ticksTo(most: number, count = 4): readonly number[] {
  if (!Number.isFinite(most) || most <= 0) return [0, 1];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const last = Math.ceil(most / step - 1e-9);
  return Array.from({ length: last + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

const UNITS = [
  { least: 1e9, sign: "G" },
  { least: 1e6, sign: "M" },
  { least: 1e4, sign: "k", divide: 1e3 },
] as const;

/** 12.5 k, 0.42, 1,234: three figures are enough to compare by. */
export function short(value: number): string {
  const size = Math.abs(value);
  const unit = UNITS.find(({ least }) => size >= least);
  if (unit !== undefined)
    return `${trim(value / ("divide" in unit ? unit.divide : unit.least))} ${unit.sign}`;
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return trim(value);
}

const trim = (value: number) => String(Number(value.toPrecision(3)));

/** A percent sign and a slash stand close to the number, other units apart. */
export const withUnit = (value: number, unit: string) =>
  unit === "" ? short(value) : `${short(value)}${/^[%/]/.test(unit) ? "" : " "}${unit}`;

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 812 B, 1.5 KiB, 4.23 GiB. */
export function formatBytes(bytes: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${trim(bytes / 1024 ** power)} ${BYTE_UNITS[power]}`;
}

export type TimeForm = "time" | "day";

export function selectTimeForm(from: number, to: number): TimeForm {
  return to - from > 2 * DAY_MS ? "day" : "time";
}

export function timeText(at: number, form: TimeForm): string {
  const iso = new Date(at).toISOString();
  return form === "day" ? iso.slice(5, 10) : iso.slice(11, 16);
}

/** So many indexes of a series, spread evenly, the ends among them. */
export function spread(length: number, count: number): readonly number[] {
  if (length <= count) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: count }, (_, index) => Math.round((index * (length - 1)) / (count - 1)));
}

/** As exact as a picture need be. */
export const round = (value: number) => Math.round(value * 10) / 10;
