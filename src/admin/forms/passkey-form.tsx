/** A form that the page's script completes with the answer of an authenticator. */
import { z } from "zod";
import { FORM_TOKEN } from "../http/page-context.ts";
import { Button } from "./controls.tsx";

interface PasskeyFormProps {
  readonly action: string;
  readonly token: string;
  readonly use: "create" | "get";
  /** WebAuthn options in their JSON form. */
  readonly options: unknown;
  readonly hidden: Readonly<Record<string, string>>;
  readonly label: string;
}

export function PasskeyForm({ action, token, use, options, hidden, label }: PasskeyFormProps) {
  return (
    <form method="post" action={action} data-passkey={use} data-options={JSON.stringify(options)}>
      <input type="hidden" name={FORM_TOKEN} value={token} />
      <input type="hidden" name="response" value="" />
      {Object.entries(hidden).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <p class="notice bad" role="alert" data-message hidden />
      <noscript>
        <p>Passkeys require JavaScript.</p>
      </noscript>
      <Button>{label}</Button>
    </form>
  );
}

/** What a new passkey's authenticator answers; better-auth reads its members. */
const registration = z.record(z.string(), z.unknown());

/** What a known passkey's authenticator answers. */
const authentication = z.object({
  id: z.string(),
  rawId: z.string(),
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}),
  response: z.object({ clientDataJSON: z.string(), authenticatorData: z.string(), signature: z.string() }),
});

export const parseRegistration = (text: string | undefined) => parse(registration, text);
export const parseAuthentication = (text: string | undefined) => parse(authentication, text);

/** Undefined for what the script did not write. */
function parse<T>(shape: z.ZodType<T>, text = ""): T | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
