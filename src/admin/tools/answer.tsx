/** What came of a call: its messages as they come, the result as people read it, and what the gateway did about it. */
import { raw } from "hono/html";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { Badge, CopyButton, Details } from "../ui/components.tsx";
import type { Called, ReceivedMessage } from "./call.ts";
import { toCurl, toPython, toTypeScript } from "./code.ts";

const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True for the response, as opposed to notifications before it. */
export const isResponse = (message: unknown): boolean =>
  isMembers(message) && getMember(message, "method") === undefined;

export function Meanwhile({ message, text, afterMs }: ReceivedMessage & { message: unknown }) {
  const of = isMembers(message) ? message : {};
  const params = getMember(of, "params");
  const said = isMembers(params)
    ? (textOf(getMember(params, "message")) ?? textOf(getMember(params, "data")))
    : undefined;
  const [progress, total] = isMembers(params)
    ? [getMember(params, "progress"), getMember(params, "total")]
    : [];
  return (
    <li class="row">
      <span>
        <code>{textOf(getMember(of, "method")) ?? "message"}</code> {said ?? ""}
        {typeof progress === "number" && (
          <>
            {" "}
            <progress
              value={progress}
              {...(typeof total === "number" && { max: total })}
              aria-label={`Progress ${progress}`}
            />
          </>
        )}
        {said === undefined && typeof progress !== "number" && (
          <span class="quiet-text"> {text.slice(0, 300)}</span>
        )}
      </span>
      <span class="quiet-text">{afterMs} ms</span>
    </li>
  );
}

/** Images that a tool made up are data; nothing of theirs is fetched. */
const IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

function Block({ block }: { block: unknown }) {
  const of = isMembers(block) ? block : {};
  const type = getMember(of, "type");
  if (type === "text") return <pre>{textOf(getMember(of, "text")) ?? ""}</pre>;
  const mime = textOf(getMember(of, "mimeType")) ?? "";
  const data = textOf(getMember(of, "data")) ?? "";
  if (type === "image" && IMAGE.test(mime) && BASE64.test(data)) {
    return <img class="made" src={`data:${mime};base64,${data}`} alt="Tool result" />;
  }
  return <pre>{JSON.stringify(block, null, 2)}</pre>;
}

export function Result({ message }: { message: unknown }) {
  const of = isMembers(message) ? message : {};
  const error = getMember(of, "error");
  if (isMembers(error)) {
    return (
      <div class="stack">
        <p>
          <Badge tone="bad">{`error ${String(getMember(error, "code"))}`}</Badge>{" "}
          {textOf(getMember(error, "message"))}
        </p>
      </div>
    );
  }
  const result = getMember(of, "result");
  const content = isMembers(result) ? getMember(result, "content") : undefined;
  const structured = isMembers(result) ? getMember(result, "structuredContent") : undefined;
  const failed = isMembers(result) && getMember(result, "isError") === true;
  const waits = isMembers(result) && getMember(result, "resultType") === "input_required";
  return (
    <div class="stack">
      <p>
        {waits ? (
          <Badge tone="warn">Input required</Badge>
        ) : (
          <Badge tone={failed ? "bad" : "good"}>{failed ? "Tool error" : "Success"}</Badge>
        )}
      </p>
      {Array.isArray(content) && content.map((block) => <Block block={block} />)}
      {structured !== undefined && (
        <>
          <h3>Structured content</h3>
          <pre>{JSON.stringify(structured, null, 2)}</pre>
        </>
      )}
    </div>
  );
}

interface TraceProps {
  readonly called: Called;
  readonly answer: ReceivedMessage | undefined;
  readonly who: string;
  readonly server: string;
  readonly decision: string;
  readonly logPath: string | undefined;
}

/** Who, by which rule, within which limits, which server, how long. */
export function Trace({ called, answer, who, server, decision, logPath }: TraceProps) {
  const { headers, status } = called.answer;
  const limits = [headers.get("ratelimit-policy"), headers.get("ratelimit")].filter((text) => text !== null);
  const request = JSON.stringify(called.request, null, 2);
  const pretty =
    answer === undefined ? "No response" : JSON.stringify(parsed(answer.text) ?? answer.text, null, 2);
  return (
    <>
      <section class="card" aria-label="Gateway trace">
        <h2>Gateway trace</h2>
        <Details
          of={[
            ["Principal", who],
            ["Access", decision],
            ["Rate limits", limits.length === 0 ? "not reported" : <code>{limits.join(" · ")}</code>],
            ["Server", server],
            ["Status", String(status)],
            ["Duration", answer === undefined ? "–" : `${answer.afterMs} ms`],
            ["Request", <code>{called.requestId}</code>],
          ]}
        />
        {logPath !== undefined && (
          <div hx-get={logPath} hx-trigger="load delay:3s" hx-select=".fragment" hx-swap="innerHTML">
            <a href={logPath}>Log entry</a>
          </div>
        )}
      </section>
      <details class="card">
        <summary>Code for this call</summary>
        <p class="quiet-text">
          Set <code>MCP_API_KEY</code> to an API key that may call the tool.
        </p>
        <Code id="code-curl" title="curl" text={toCurl(called)} />
        <Code id="code-typescript" title="TypeScript" text={toTypeScript(called)} />
        <Code id="code-python" title="Python" text={toPython(called)} />
      </details>
      <details class="card">
        <summary>Raw JSON-RPC</summary>
        <div class="grid">
          <div>
            <h3>Request</h3>
            <pre id="sent">{request}</pre>
            <CopyButton from="sent" />
          </div>
          <div>
            <h3>Response</h3>
            <pre id="answered">{pretty}</pre>
            <CopyButton from="answered" />
          </div>
        </div>
      </details>
    </>
  );
}

function Code({ id, title, text }: { id: string; title: string; text: string }) {
  return (
    <>
      <h3>{title}</h3>
      <pre id={id}>{text}</pre>
      <CopyButton from={id} />
    </>
  );
}

/** Where the stream goes on; a comment that no page writes otherwise. */
export const CONTINUES = "<!--the stream-->";
export const StreamHere = () => raw(CONTINUES);
