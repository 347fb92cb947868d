/* SPDX-License-Identifier: MIT */
/* Rules and events in a sentence, and what software would do about them. */
#include <string.h>
#include "model/explain/explain.h"

struct row {
	const char *rule, *says, *advice;
};

static const char cd_sync[] = "correct the CD, then CMD_CFGI_CD and CMD_SYNC";
static const char ste_sync[] = "correct the STE, then CMD_CFGI_STE and CMD_SYNC";

/* clang-format off: a row a rule */
static const struct row rows[] = {
	{ "T-1",
	  "this SMMU does not take transactions of that kind, or nothing is left of "
	  "the hint",
	  "see what the architecture version and IDR0 of this SMMU have, or why the "
	  "device "
	  "sends this" },
	{ "T-2", "CR0.SMMUEN is 0: nothing is translated, and GBPA decides",
	  "set CR0.SMMUEN once the stream table is in place; GBPA.ABORT says what "
	  "happens until then" },
	{ "T-5a",
	  "the StreamID lies beyond the stream table, 2^LOG2SIZE of STRTAB_BASE_CFG (at "
	  "most IDR1.SIDSIZE)",
	  "make the stream table larger, or see why the device sends this StreamID" },
	{ "L1STD-2",
	  "the level 1 descriptor of the stream table does not reach this StreamID: its "
	  "Span is 0, too large, or too small",
	  "write the L1STD with its L2Ptr and Span, then CMD_CFGI_STE with Leaf 0 and "
	  "CMD_SYNC" },
	{ "T-6", "the stream table cannot be read at that address",
	  "put STRTAB_BASE, or L2Ptr of the L1STD, where there is memory" },
	{ "T-8",
	  "STE.Config is 0xx: every transaction of the stream is terminated, without an "
	  "event",
	  "if the stream is to work: write Config, then CMD_CFGI_STE and CMD_SYNC" },
	{ "T-9v", "the VMS cannot be read at that address",
	  "put STE.VMSPtr where there is memory" },
	{ "T-10", "the SubstreamID does not fit the STE (Config, S1CDMax, S1DSS)",
	  "see that STE.S1CDMax has a bit for each SubstreamID bit in use, and S1DSS "
	  "what happens without one" },
	{ "T-11",
	  "no stage translates: STE.Config, or S1DSS for what comes without a "
	  "SubstreamID, says bypass",
	  "keep addresses below the output size (IDR5.OAS), or turn on a stage" },
	{ "T-12",
	  "the address is too large to be an intermediate address (IDR0.TTF, IDR5.OAS)",
	  "keep addresses below the intermediate size" },
	{ "T-13", "the CD, or its level 1 descriptor, cannot be read at that address",
	  "put STE.S1ContextPtr, or L1CD.L2Ptr, where there is memory" },
	{ "L1CD-1",
	  "the level 1 descriptor of the CD table has V 0: there are no CDs for this "
	  "SubstreamID",
	  "write the L1CD with its L2Ptr and V, then CMD_CFGI_CD with Leaf 0 and "
	  "CMD_SYNC" },
	{ "ADDR-3", "L1CD.L2Ptr is beyond the output size (IDR5.OAS)",
	  "put CDs below it" },
	{ "ADDR-4", "L1CD.L2Ptr is beyond the intermediate size", "put CDs below it" },
	{ "T-15",
	  "the address is outside of what CD.T0SZ, CD.T1SZ and TBI let in: its top bits "
	  "are not all alike, or belong to no table",
	  "use addresses within the input size of the tables, or sign-extend them" },
	{ "T-15e", "CD.EPD0 or EPD1 disables the table of this address",
	  "clear EPDx in the CD if the table is there, then CMD_CFGI_CD and CMD_SYNC" },
	{ "CD-28", "CD.E0PD0 or E0PD1 lets no unprivileged access into this table",
	  "make the access privileged (STE.PRIVCFG), or clear E0PDx" },
	{ "T-16b", "a stage 1 descriptor cannot be read, or updated, at that address",
	  "put the table where there is memory" },
	{ "T-16c", "the stage 1 descriptor is invalid: nothing is mapped there",
	  "map the address; no invalidation is needed for what was invalid" },
	{ "T-16d", "the stage 1 descriptor leads beyond CD.IPS",
	  "correct the address in the descriptor, or CD.IPS" },
	{ "CD-23",
	  "the Access flag of the stage 1 descriptor is 0, and no hardware sets it "
	  "(CD.HA is 0, AFFD is 0)",
	  "set AF in the descriptor, or CD.HA where IDR0.HTTU has it" },
	{ "T-17b", "stage 1 does not give this permission",
	  "map with the permission that the device needs, or see why it makes this "
	  "access" },
	{ "T-18a", "the intermediate address is outside of what STE.S2T0SZ lets in",
	  "map the intermediate address within the input size of stage 2" },
	{ "T-18b",
	  "stage 2 has no translation: its descriptor is invalid, leads beyond S2PS, or "
	  "cannot be read",
	  "map the intermediate address at stage 2" },
	{ "STE-59",
	  "the Access flag of the stage 2 descriptor is 0, and no hardware sets it "
	  "(STE.S2HA is 0, S2AFFD is 0)",
	  "set AF in the descriptor, or STE.S2HA where IDR0.HTTU has it" },
	{ "T-18c", "stage 2 does not give this permission",
	  "map with the permission at stage 2, or see why the access is made" },
	{ "STE-62",
	  "STE.S2PTW: stage 2 says that a CD or a stage 1 table is in Device memory",
	  "map it as Normal memory at stage 2" },
	{ "CD-25", "PAN: a privileged access to what the unprivileged may use",
	  "clear CD.PAN, or make the access unprivileged" },
	{ "CD-34",
	  "CD.PIIP or PIIU, at the index in the descriptor, withholds the permission",
	  "choose an index with the permission in the descriptor, or change PIIP or "
	  "PIIU" },
	{ "T-16e", "a table descriptor above withholds the permission (APTable, XNTable)",
	  "clear it in the table descriptor, or set CD.HAD0 or HAD1" },
	{ "CACHE-80",
	  "the TLB holds more than one translation of the address: a page was mapped "
	  "into "
	  "a block, or a block over pages, without break-before-make",
	  "make the entry invalid, invalidate, and only then write the new one" },
	{ "STE-49",
	  "STE.CONT says that its neighbours are alike, and one that is cached differs",
	  "write all STEs of the block alike, or CONT 0; then CMD_CFGI_STE_RANGE and "
	  "CMD_SYNC" },
	{ "STE-68",
	  "stage 2 lets this page be used for, or be reached by, hardened tables only "
	  "(AssuredOnly, TL0, TL1)",
	  "see STE.AssuredOnly, TL0 and TL1, and what stage 2 says of the tables' "
	  "pages" },
	{ "STE-76",
	  "a hint or destructive access that STE.DRE or DCP, or want of permission, "
	  "turned "
	  "into nothing",
	  "set STE.DRE or DCP if the device may do this, then CMD_CFGI_STE and "
	  "CMD_SYNC" },
	{ "ATS-T1", "CR0.SMMUEN is 0: no translated transaction is let through",
	  "turn ATS off in the device before SMMUEN is cleared" },
	{ "ATS-T3", "the translated address lies beyond the output size (IDR5.OAS)",
	  "see where the device has this address from: no Translation Request gave it" },
	{ "ATS-T5",
	  "CR0.ATSCHK is 1, and STE.EATS, as it acts, lets no translated transaction of "
	  "the stream through",
	  "write STE.EATS, then CMD_CFGI_STE and CMD_SYNC, before ATS is turned on in "
	  "the "
	  "device" },
	{ "ATS-T7", "translated already: the address passes as it is", "" },
	{ "ATS-T8",
	  "the Device Permission Table does not let the stream go there, or could not be "
	  "read: see DPT_CFG_FAR",
	  "grant the granule in the DPT, then CMD_DPTI_PA and CMD_SYNC" },
	{ "ATS-T9",
	  "split-stage ATS: the address is too large to be an intermediate address",
	  "see where the device has this address from: no Translation Request gave it" },
	{ "none", "no rule that is known here by name ended it", "see the steps" },
	{ "STE-1", "STE.V is 0: nobody has made this stream valid",
	  "write the STE, then CMD_CFGI_STE and CMD_SYNC" },
	{ "STE-4", "Config turns on stage 1, which this SMMU does not have (IDR0.S1P)",
	  ste_sync },
	{ "STE-5", "Config turns on stage 2, which this SMMU does not have (IDR0.S2P)",
	  ste_sync },
	{ "STE-8",
	  "EATS is split-stage, and Config is not nested, or S2S is 1, or IDR0.NS1ATS is "
	  "1",
	  ste_sync },
	{ "STE-9", "EATS is full ATS, with stage 2 and S2S 1", ste_sync },
	{ "STE-10", "EATS is 11 (DPT), and STRW is not NS-EL1", ste_sync },
	{ "STE-12", "EATS is 11 (DPT), with stage 2 and S2S 1", ste_sync },
	{ "STE-13", "STRW is a StreamWorld that Non-secure streams do not have",
	  ste_sync },
	{ "STE-17", "S1STALLD is 1, where IDR0.STALL_MODEL leaves nothing to disable",
	  ste_sync },
	{ "STE-18", "S1CDMax is larger than IDR1.SSIDSIZE", ste_sync },
	{ "STE-19", "S1Fmt is a 2-level CD table, without IDR0.CD2L", ste_sync },
	{ "STE-20", "S1ContextPtr lies beyond the address size", ste_sync },
	{ "STE-21", "S2FWB with VMSAv8-32 tables", ste_sync },
	{ "STE-22", "S2S is 1, and this SMMU never stalls (IDR0.STALL_MODEL)", ste_sync },
	{ "STE-23", "S2S is 0, and this SMMU always stalls (IDR0.STALL_MODEL)",
	  ste_sync },
	{ "STE-24", "S2AA64 is 0: VMSAv8-32 tables, which IDR0.TTF does not have",
	  ste_sync },
	{ "STE-25", "S2AA64 is 1: VMSAv8-64 tables, which IDR0.TTF does not have",
	  ste_sync },
	{ "STE-26", "S2HA or S2HD without hardware update (IDR0.HTTU)", ste_sync },
	{ "STE-27", "S2HD, and IDR0.HTTU has the Access flag only", ste_sync },
	{ "STE-28", "S2HAFT without S2HA", ste_sync },
	{ "STE-29", "S2TG is a granule that IDR5 does not have", ste_sync },
	{ "STE-30", "S2TTB lies beyond the output size (S2PS)", ste_sync },
	{ "STE-31", "S2T0SZ is out of range", ste_sync },
	{ "STE-32", "S2T0SZ, S2SL0 and S2TG do not fit each other", ste_sync },
	{ "STE-34", "S2ENDI is an endianness that IDR0.TTENDIAN does not have",
	  ste_sync },
	{ "STE-35", "S2PIE with VMSAv8-32 tables", ste_sync },
	{ "STE-36", "S2POE without S2PIE", ste_sync },
	{ "STE-37", "S2POE together with S2HWU59 to S2HWU62", ste_sync },
	{ "STE-38", "S2POI holds a reserved overlay", ste_sync },
	{ "STE-39", "S2VMID has more than 8 bits, without IDR0.VMID16", ste_sync },
	{ "STE-40", "VMSPtr lies beyond the output size", ste_sync },
	{ "CD-1", "CD.V is 0: there is no context for this SubstreamID",
	  "write the CD, then CMD_CFGI_CD and CMD_SYNC" },
	{ "CD-3", "S is 1, where STE.S1STALLD forbids stalling", cd_sync },
	{ "CD-4", "A is 0, where IDR0.TERM_MODEL says that faults always abort",
	  cd_sync },
	{ "CD-5", "S is 1, and this SMMU never stalls (IDR0.STALL_MODEL)", cd_sync },
	{ "CD-6", "S is 0, and this SMMU always stalls (IDR0.STALL_MODEL)", cd_sync },
	{ "CD-7", "ENDI is an endianness that IDR0.TTENDIAN does not have", cd_sync },
	{ "CD-8",
	  "AA64 is 0: VMSAv8-32 tables, which IDR0.TTF or the StreamWorld does not have",
	  cd_sync },
	{ "CD-9",
	  "AA64 is 1: VMSAv8-64 tables, which IDR0.TTF does not have, or not over such a "
	  "stage 2",
	  cd_sync },
	{ "CD-10", "HA or HD without hardware update (IDR0.HTTU)", cd_sync },
	{ "CD-11", "HD, and IDR0.HTTU has the Access flag only", cd_sync },
	{ "CD-12", "HAFT without HA", cd_sync },
	{ "CD-13", "ASID has more than 8 bits, without IDR0.ASID16", cd_sync },
	{ "CD-14", "T0SZ or T1SZ is out of range", cd_sync },
	{ "CD-15", "TG0 or TG1 is a granule that IDR5 does not have", cd_sync },
	{ "CD-16", "TTB0 or TTB1 lies beyond the output size (IPS)", cd_sync },
	{ "CD-18", "PIIP holds a reserved permission", cd_sync },
	{ "CD-19",
	  "PIIU holds a reserved permission, or lets the unprivileged write what "
	  "privileged code executes",
	  cd_sync },
	{ "T-20", "every stage that is on translates, and grants the access", "" },
};
/* clang-format on */

static const struct row *find(const char *rule)
{
	for (size_t i = 0; rule && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].rule, rule) == 0)
			return &rows[i];
	return NULL;
}

const char *smmu_rule_says(const char *rule)
{
	const struct row *row = find(rule);

	return row ? row->says : "";
}

const char *smmu_rule_advice(const char *rule)
{
	const struct row *row = find(rule);

	return row ? row->advice : "";
}
