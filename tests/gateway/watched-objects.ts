/** The tenants' objects, with every call of a method reported to the test. */
import { env } from "cloudflare:test";

export interface ObjectCall {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly answer: Promise<unknown>;
}

export function watchTenantObjects(onCall: (call: ObjectCall) => void): typeof env.TENANTS {
  return new Proxy(env.TENANTS, {
    get(namespace, member) {
      if (member !== "getByName") return Reflect.get(namespace, member);
      return (name: string) =>
        new Proxy(namespace.getByName(name), {
          get(stub, method) {
            const value: unknown = Reflect.get(stub, method);
            if (typeof value !== "function") return value;
            return (...args: unknown[]) => {
              const answer: Promise<unknown> = Reflect.apply(value, stub, args);
              onCall({ method: String(method), args, answer });
              return answer;
            };
          },
        });
    },
  });
}
