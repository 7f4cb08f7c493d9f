ALTER TABLE "legacy_api_keys" ADD COLUMN "salt" text;--> statement-breakpoint
ALTER TABLE "legacy_api_keys" ADD COLUMN "ip_allowlist" "cidr"[] DEFAULT '{}'::cidr[] NOT NULL;--> statement-breakpoint
CREATE INDEX "legacy_api_keys_salted" ON "legacy_api_keys" USING btree ("key_prefix") WHERE "legacy_api_keys"."salt" is not null;--> statement-breakpoint
ALTER TABLE "legacy_api_keys" ADD CONSTRAINT "legacy_api_keys_salted_has_prefix" CHECK ("legacy_api_keys"."salt" is null or char_length("legacy_api_keys"."key_prefix") between 6 and 20);