CREATE TABLE "feature_flag_evaluations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"timestamp" timestamp with time zone DEFAULT now() NOT NULL,
	"tenant_id" uuid,
	"flag_key" text NOT NULL,
	"subject_id" text NOT NULL,
	"is_on" boolean NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "feature_flag_evaluations_key_length" CHECK (char_length("feature_flag_evaluations"."flag_key") between 1 and 200)
);
--> statement-breakpoint
ALTER TABLE "feature_flag_evaluations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "feature_flag_evaluations_tenant_flag" ON "feature_flag_evaluations" USING btree ("tenant_id","flag_key","timestamp" DESC NULLS FIRST);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "feature_flag_evaluations" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("feature_flag_evaluations"."tenant_id" = (select app_tenant_id())) WITH CHECK ("feature_flag_evaluations"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "feature_flag_evaluations" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);