/** Domains of email addresses, as single sign-on compares them: in lower case, in the ASCII form of the DNS. */

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = new RegExp(`^(?=.{3,253}$)(?:${LABEL}\\.)+[a-z]${LABEL.slice("[a-z0-9]".length)}$`);

/** Whether the text is a domain below a top-level domain. */
export const isEmailDomain = (text: string): boolean => DOMAIN.test(text);

/** The domain of an address; undefined where the address has none that the DNS could have. */
export function readEmailDomain(email: string): string | undefined {
  const parts = email.trim().toLowerCase().split("@");
  const domain = parts.at(-1) ?? "";
  // More than one @ is legal in quotes only, and programs disagree about which part is the domain.
  return parts.length === 2 && parts[0] !== "" && isEmailDomain(domain) ? domain : undefined;
}
