/** How pages name the subjects of limits and budgets. */
import type { LIMIT_SUBJECTS } from "../../core/enums.ts";

type LimitSubject = (typeof LIMIT_SUBJECTS)[number];

/** A limit without a subject ID has one count for each subject of its type. */
export const EACH_SUBJECT: Readonly<Record<LimitSubject, string>> = {
  global: "Global",
  tenant: "Organization",
  role: "Each principal",
  user: "Each user",
  key: "Each API key",
  ip: "Each IP address",
  server: "Each server",
  tool: "Each tool",
  group: "Each group",
};

interface LimitedSubject {
  readonly subjectType: LimitSubject;
  readonly subjectId: string | null;
  readonly subjectName?: string | undefined;
}

export const subjectLabel = ({ subjectType, subjectId, subjectName }: LimitedSubject): string =>
  subjectId === null ? EACH_SUBJECT[subjectType] : `${subjectType} ${subjectName ?? subjectId}`;
