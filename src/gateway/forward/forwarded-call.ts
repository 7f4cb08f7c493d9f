/** The description of a call that is forwarded over HTTP, and the end of its response stream. */
import type { HeaderMap } from "../../core/net/headers.ts";
import type { AnsweredCall, HttpCall } from "../pipeline/send-http.ts";
import type { Candidate, DescribedCall } from "../pipeline/upstream-call.ts";
import type { EventTransform } from "../sse/transform.ts";

/** What is done to the answer on its way back. */
export interface AnswerTerms extends AnsweredCall {
  /** Changes each message on its way back. */
  readonly edit?: EventTransform | undefined;
  /** What the answer carries anyway: given where the answer may be finished here. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** Last change of the headers that go back to the client. */
  readonly finishHeaders?: (headers: HeaderMap) => Promise<void>;
}

/** The request as one of the candidates gets it. */
export interface PreparedCall extends HttpCall, AnswerTerms {}

export interface ForwardedCall<C extends Candidate> extends Omit<DescribedCall<C>, "signal" | "takesSlot"> {
  readonly prepare: (candidate: C) => PreparedCall | Promise<PreparedCall>;
  /** The client takes event streams, and the response's status and headers contain nothing beyond its body. */
  readonly canDefer: boolean;
  /** Called repeatedly while a stream is open; the stream ends when it returns false. */
  readonly isPermitted?: () => Promise<boolean>;
}

export interface StreamEnd {
  /** Nothing more is waited for. */
  readonly untrack: () => void;
  /** Releases the upstream. */
  readonly abort: () => void;
}
