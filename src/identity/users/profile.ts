/** The part of an account that its user changes: display name and username. */
import { z } from "zod";

/** Of every form in which a username is stored: better-auth's plugin, the database (user_username_form) and this one. */
export const USERNAME = /^[a-z0-9_.-]{3,64}$/i;

export const profileChange = z
  .strictObject({
    name: z.string().trim().min(1).max(200),
    username: z
      .string()
      .regex(USERNAME, "must have 3 to 64 letters, digits, dots, hyphens or underscores")
      .nullable()
      .describe("In place of the email at sign-in. Stored in lower case, shown as entered. Null: none."),
  })
  .partial()
  .refine((values) => Object.keys(values).length > 0, "Provide at least one field to update.")
  .meta({ examples: [{ name: "Ada Example", username: "ada" }] });

export type ProfileChange = z.output<typeof profileChange>;

export const USERNAME_TAKEN = "This username is taken.";
