/** A new secret with a button that copies it, on the one page that shows it. */
import { CopyButton } from "./components.tsx";

/** `noun`: what the secret is called in the notice. */
export const SecretOnce = ({ noun, secret }: { noun: string; secret: string }) => (
  <>
    <p class="notice warn">Copy the {noun} now. It is not stored and cannot be shown again.</p>
    <p class="start">
      <code id="secret" class="secret">
        {secret}
      </code>
      <CopyButton from="secret" />
    </p>
  </>
);
