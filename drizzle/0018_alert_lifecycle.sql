CREATE TABLE "alert_deliveries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"alert_id" uuid NOT NULL,
	"event_id" uuid,
	"channel" jsonb NOT NULL,
	"message" jsonb NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_error" text,
	"delivered_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "alert_deliveries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "alert_signing_secrets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"sealed_secret" text NOT NULL,
	"sealed_previous" text,
	"previous_until" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_signing_secrets_tenant" UNIQUE NULLS NOT DISTINCT("tenant_id")
);
--> statement-breakpoint
ALTER TABLE "alert_signing_secrets" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "alert_states" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid,
	"alert_id" uuid NOT NULL,
	"subject" text DEFAULT '' NOT NULL,
	"status" text DEFAULT 'quiet' NOT NULL,
	"value" double precision,
	"memory" jsonb NOT NULL,
	"event_id" uuid,
	"evaluated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_states_subject" UNIQUE("alert_id","subject")
);
--> statement-breakpoint
ALTER TABLE "alert_states" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "performance_alerts" ADD COLUMN "silenced_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "alert_deliveries" ADD CONSTRAINT "alert_deliveries_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_deliveries" ADD CONSTRAINT "alert_deliveries_alert_id_performance_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "public"."performance_alerts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_deliveries" ADD CONSTRAINT "alert_deliveries_event_id_alert_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."alert_events"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_signing_secrets" ADD CONSTRAINT "alert_signing_secrets_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_states" ADD CONSTRAINT "alert_states_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_states" ADD CONSTRAINT "alert_states_alert_id_performance_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "public"."performance_alerts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "alert_deliveries_due" ON "alert_deliveries" USING btree ("next_attempt_at") WHERE "alert_deliveries"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "alert_deliveries_tenant_created" ON "alert_deliveries" USING btree ("tenant_id","created_at");--> statement-breakpoint
CREATE INDEX "alert_deliveries_alert_id" ON "alert_deliveries" USING btree ("alert_id");--> statement-breakpoint
CREATE INDEX "alert_deliveries_event_id" ON "alert_deliveries" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "alert_states_tenant_id" ON "alert_states" USING btree ("tenant_id");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "alert_deliveries" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("alert_deliveries"."tenant_id" = (select app_tenant_id())) WITH CHECK ("alert_deliveries"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "alert_deliveries" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "alert_signing_secrets" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("alert_signing_secrets"."tenant_id" = (select app_tenant_id())) WITH CHECK ("alert_signing_secrets"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "alert_signing_secrets" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "alert_states" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("alert_states"."tenant_id" = (select app_tenant_id())) WITH CHECK ("alert_states"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "alert_states" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT ON alert_states, alert_deliveries TO gateway_runtime;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON alert_signing_secrets TO gateway_runtime;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON alert_states, alert_deliveries, alert_signing_secrets TO gateway_system;
