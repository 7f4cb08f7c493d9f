/**
 * The REST API client of the pages: calls the API in process with the rights of the signed-in user, so that permissions,
 * validation, audit and ETags exist once. Each page parses the response with its own schema.
 */
import { z } from "zod";
import { ERROR_TITLES, type ErrorCode } from "../../core/error-codes.ts";
import { GatewayError, type InputIssue } from "../../core/errors.ts";

export type ApiFetch = (request: Request) => Promise<Response>;

type ApiQuery = string | number | boolean | undefined;
export type Query = Readonly<Record<string, ApiQuery>>;

export interface ApiResponse<T> {
  readonly value: T;
  readonly etag: string | undefined;
}

export interface SendOptions {
  readonly json?: unknown;
  readonly ifMatch?: string | undefined;
  /** Makes sending the same form twice harmless. */
  readonly once?: string | undefined;
}

export type Sent =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly refusal: ApiError };

export interface ApiClient {
  /** Throws the refusal: pages.ts makes a page of it. */
  read<S extends z.ZodType>(path: string, shape: S, query?: Query): Promise<ApiResponse<z.output<S>>>;
  /** For what may be refused in ways that the page has an answer to. */
  send(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, options?: SendOptions): Promise<Sent>;
}

/** The message of the API, to be shown to the user. */
export class ApiError extends GatewayError {
  readonly errors: readonly InputIssue[];
  readonly requestId: string;

  constructor(problem: z.output<typeof problemShape>) {
    super(problem.code, problem.detail);
    this.errors = problem.errors ?? [];
    this.requestId = problem.requestId;
  }
}

const problemShape = z.object({
  detail: z.string(),
  code: z.custom<ErrorCode>((value) => typeof value === "string" && Object.hasOwn(ERROR_TITLES, value)),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** A page of a list. */
export const pageShape = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export function toQuery(query: Query): string {
  const asked = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return asked.length === 0 ? "" : `?${new URLSearchParams(asked)}`;
}

/** What of the page's request stands for the person and the place that they come from. */
const FORWARDED_HEADERS = ["cookie", "cf-connecting-ip", "user-agent"];

export function createApiClient(restApi: ApiFetch, page: Request, publicUrl: string): ApiClient {
  const ask = async (method: string, path: string, options: SendOptions = {}): Promise<Response> => {
    const headers = new Headers({ origin: publicUrl, accept: "application/json" });
    for (const name of FORWARDED_HEADERS) {
      const value = page.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    const { json, ifMatch, once } = options;
    if (json !== undefined) headers.set("content-type", "application/json");
    if (ifMatch !== undefined) headers.set("if-match", ifMatch);
    if (once !== undefined && once !== "") headers.set("idempotency-key", once);
    const body = json === undefined ? null : JSON.stringify(json);
    return restApi(new Request(`${publicUrl}/api/v1${path}`, { method, headers, body }));
  };
  return {
    async read(path, shape, query = {}) {
      const answer = await ask("GET", path + toQuery(query));
      if (!answer.ok) throw await toApiError(answer);
      return { value: shape.parse(await answer.json()), etag: answer.headers.get("etag") ?? undefined };
    },
    async send(method, path, options) {
      const answer = await ask(method, path, options);
      if (!answer.ok) return { ok: false, refusal: await toApiError(answer) };
      const text = await answer.text();
      return { ok: true, value: text === "" ? undefined : JSON.parse(text) };
    },
  };
}

async function toApiError(answer: Response): Promise<ApiError> {
  return new ApiError(problemShape.parse(await answer.json()));
}
