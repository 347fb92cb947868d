/* SPDX-License-Identifier: MIT */
/*
 * Wires: one of each name, 1 to 63 characters; counted whether or not anybody
 * listens; at most one listener, which is told before the pulse returns.
 */
#include "bus_test.h"

struct ear {
	unsigned int heard;
	char name[64];
	struct smmu_wire *wire;
	uint64_t pulses; /* the count as the listener saw it */
};

static void hear(void *ctx, const char *name)
{
	struct ear *ear = ctx;

	ear->heard++;
	strncpy(ear->name, name, sizeof(ear->name) - 1);
	ear->pulses = smmu_wire_pulses(ear->wire);
}

static void wire_names_are_1_to_63_characters(void **state)
{
	char name[65];

	memset(name, 'w', sizeof(name));
	name[64] = '\0';
	assert_null(smmu_bus_wire(*state, name));
	assert_int_equal(smmu_bus_listen(*state, name, hear, NULL), -EINVAL);
	name[63] = '\0';
	assert_non_null(smmu_bus_wire(*state, name));
	assert_int_equal(smmu_bus_listen(*state, name, NULL, NULL), 0);
	assert_non_null(smmu_bus_wire(*state, "w"));
	assert_null(smmu_bus_wire(*state, ""));
	assert_int_equal(smmu_bus_listen(*state, "", hear, NULL), -EINVAL);
	assert_null(smmu_bus_wire(*state, NULL));
	assert_int_equal(smmu_bus_listen(*state, NULL, hear, NULL), -EINVAL);
	assert_null(smmu_bus_wire(NULL, "w"));
	assert_int_equal(smmu_bus_listen(NULL, "w", hear, NULL), -EINVAL);
}

static void wire_is_found_by_name(void **state)
{
	char name[] = "smmu0.eventq";
	struct smmu_wire *eventq = smmu_bus_wire(*state, name);

	name[4] = '1'; /* the bus has its own copy */
	assert_ptr_equal(smmu_bus_wire(*state, "smmu0.eventq"), eventq);
	assert_ptr_not_equal(smmu_bus_wire(*state, "smmu0.priq"), eventq);
	assert_ptr_not_equal(smmu_bus_wire(*state, "smmu0.event"), eventq);
	assert_ptr_not_equal(smmu_bus_wire(*state, name), eventq);
}

static void wire_counts_without_a_listener(void **state)
{
	struct smmu_wire *wire = smmu_bus_wire(*state, "a");
	struct smmu_wire *other = smmu_bus_wire(*state, "b");

	assert_int_equal(smmu_wire_pulses(wire), 0);
	smmu_wire_pulse(wire);
	smmu_wire_pulse(wire);
	assert_int_equal(smmu_wire_pulses(wire), 2);
	assert_int_equal(smmu_wire_pulses(other), 0);
	smmu_wire_pulse(NULL);
	assert_int_equal(smmu_wire_pulses(NULL), 0);
}

static void wire_tells_its_listener(void **state)
{
	struct ear ear = { 0 };

	/* the listener may come before the device that makes the wire */
	assert_int_equal(smmu_bus_listen(*state, "smmu0.gerror", hear, &ear), 0);
	ear.wire = smmu_bus_wire(*state, "smmu0.gerror");
	assert_int_equal(ear.heard, 0);
	smmu_wire_pulse(ear.wire);
	assert_int_equal(ear.heard, 1);
	assert_string_equal(ear.name, "smmu0.gerror");
	assert_int_equal(ear.pulses, 1);
	smmu_wire_pulse(smmu_bus_wire(*state, "smmu0.cmdq-sync"));
	assert_int_equal(ear.heard, 1);
}

static void wire_listener_is_replaced_and_disconnected(void **state)
{
	struct smmu_wire *wire = smmu_bus_wire(*state, "a");
	struct ear one = { .wire = wire }, two = { .wire = wire };

	for (unsigned int i = 1; i <= 1000; i++) {
		assert_int_equal(smmu_bus_listen(*state, "a", hear, &one), 0);
		smmu_wire_pulse(wire);
		assert_int_equal(one.heard, i);
		assert_int_equal(two.heard, i - 1);
		assert_int_equal(smmu_bus_listen(*state, "a", hear, &two), 0);
		smmu_wire_pulse(wire);
		assert_int_equal(one.heard, i);
		assert_int_equal(two.heard, i);
		assert_int_equal(smmu_bus_listen(*state, "a", NULL, &two), 0);
		smmu_wire_pulse(wire);
		assert_int_equal(one.heard + two.heard, 2 * i);
		assert_int_equal(smmu_wire_pulses(wire), 3 * i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(wire_names_are_1_to_63_characters),
		bus_test(wire_is_found_by_name),
		bus_test(wire_counts_without_a_listener),
		bus_test(wire_tells_its_listener),
		bus_test(wire_listener_is_replaced_and_disconnected),
	};

	return cmocka_run_group_tests_name("bus: wires", tests, NULL, NULL);
}
