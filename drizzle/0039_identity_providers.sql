CREATE TABLE "identity_providers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"name" text NOT NULL,
	"issuer" text NOT NULL,
	"discovery_url" text,
	"client_id" text NOT NULL,
	"client_secret" text,
	"email_claim" text DEFAULT 'email' NOT NULL,
	"name_claim" text DEFAULT 'name' NOT NULL,
	"default_role" "role" DEFAULT 'user' NOT NULL,
	"is_jit_enabled" boolean DEFAULT false NOT NULL,
	"trusted_amr" text[] DEFAULT '{}' NOT NULL,
	"trusted_acr" text[] DEFAULT '{}' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "identity_providers_tenant_name" UNIQUE("tenant_id","name"),
	CONSTRAINT "identity_providers_name_length" CHECK (char_length("identity_providers"."name") between 1 and 200),
	CONSTRAINT "identity_providers_issuer_length" CHECK (char_length("identity_providers"."issuer") between 1 and 500)
);
--> statement-breakpoint
ALTER TABLE "identity_providers" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "former_members" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "former_members_tenant_user" UNIQUE("tenant_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "former_members" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "verified_domains" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"domain" text NOT NULL,
	"token" text NOT NULL,
	"verified_at" timestamp with time zone,
	"is_sso_required" boolean DEFAULT false NOT NULL,
	"break_glass_user_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "verified_domains_tenant_domain" UNIQUE("tenant_id","domain"),
	CONSTRAINT "verified_domains_domain_form" CHECK ("verified_domains"."domain" ~ '^[a-z0-9.-]{3,253}$')
);
--> statement-breakpoint
ALTER TABLE "verified_domains" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "identity_provider_id" uuid;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "is_second_factor_proved" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "identity_providers" ADD CONSTRAINT "identity_providers_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "former_members" ADD CONSTRAINT "former_members_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "former_members" ADD CONSTRAINT "former_members_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "verified_domains" ADD CONSTRAINT "verified_domains_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "verified_domains" ADD CONSTRAINT "verified_domains_break_glass_user_id_user_id_fk" FOREIGN KEY ("break_glass_user_id") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "former_members_user_id" ON "former_members" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "verified_domains_verified" ON "verified_domains" USING btree ("domain") WHERE "verified_domains"."verified_at" is not null;--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_identity_provider_id_identity_providers_id_fk" FOREIGN KEY ("identity_provider_id") REFERENCES "public"."identity_providers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "idx_sessions_identity_provider" ON "session" USING btree ("identity_provider_id");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "identity_providers" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("identity_providers"."tenant_id" = (select app_tenant_id())) WITH CHECK ("identity_providers"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "identity_providers" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "former_members" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("former_members"."tenant_id" = (select app_tenant_id())) WITH CHECK ("former_members"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "former_members" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "verified_domains" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("verified_domains"."tenant_id" = (select app_tenant_id())) WITH CHECK ("verified_domains"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "verified_domains" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_providers, verified_domains, former_members TO gateway_runtime, gateway_system;--> statement-breakpoint
-- Sessions and links of a provider end with it, whichever way it is changed; the runtime role reaches neither.
CREATE FUNCTION gateway_end_provider_sessions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  DELETE FROM session WHERE identity_provider_id = OLD.id;
  IF TG_OP = 'DELETE' THEN
    DELETE FROM account WHERE provider_id = 'sso:' || OLD.id;
    RETURN OLD;
  END IF;
  RETURN NEW;
END
$$;--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_end_provider_sessions() FROM PUBLIC;--> statement-breakpoint
CREATE TRIGGER identity_providers_disabled AFTER UPDATE OF is_active ON identity_providers
  FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION gateway_end_provider_sessions();--> statement-breakpoint
CREATE TRIGGER identity_providers_deleted BEFORE DELETE ON identity_providers
  FOR EACH ROW EXECUTE FUNCTION gateway_end_provider_sessions();--> statement-breakpoint
-- A requirement of single sign-on holds for those who are signed in already.
CREATE FUNCTION gateway_end_other_sessions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  DELETE FROM session s USING "user" u, tenant_members m
   WHERE s.user_id = u.id AND m.user_id = u.id AND m.tenant_id = NEW.tenant_id
     AND split_part(u.email, '@', 2) = NEW.domain AND u.role <> 'admin'
     AND u.id IS DISTINCT FROM NEW.break_glass_user_id
     AND s.identity_provider_id IS NULL AND s.impersonated_by IS NULL;
  RETURN NEW;
END
$$;--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_end_other_sessions() FROM PUBLIC;--> statement-breakpoint
CREATE TRIGGER verified_domains_required AFTER INSERT OR UPDATE OF is_sso_required, break_glass_user_id, verified_at ON verified_domains
  FOR EACH ROW WHEN (NEW.is_sso_required AND NEW.verified_at IS NOT NULL) EXECUTE FUNCTION gateway_end_other_sessions();
