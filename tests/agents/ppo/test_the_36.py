"""Where each of 36 known silent bugs of LLM trainers is caught.

Each was found in a public trainer and cost somebody a run without an error message. The tests named here fail where the
bug is put in; this one fails where a test is gone.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent

ROWS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("the ratio of untouched weights is not 1", (
        "test_learner.py::test_row_1_and_22_untouched_weights_agree_with_themselves_and_the_reference",
        "test_learner.py::test_row_1_a_policy_that_changed_behind_our_back_is_noticed",
    )),
    2: ("the scorer forgets the temperature, or applies it to log-probabilities", (
        "test_model.py::test_row_2_the_temperature_divides_logits_not_log_probabilities",
        "test_learner.py::test_row_2_a_scorer_without_the_temperature_shows_in_the_sampler_gap",
        "generate/test_conformance.py::test_three_turns_at_a_temperature",
    )),
    3: ("truncated sampling is scored over the whole vocabulary", (
        "test_config.py::test_row_3_and_others_what_is_no_setting_is_refused",
        "generate/test_conformance.py::test_tokens_are_drawn_as_the_model_says",
    )),
    4: ("scores depend on the shape of the micro-batch", (
        "test_model.py::test_row_4_scores_do_not_depend_on_the_shape_of_the_micro_batch",
    )),
    5: ("the head computes in bfloat16", (
        "test_model.py::test_row_5_weights_and_logits_are_float32_and_tied_weights_stay_tied",
        "test_learner.py::test_row_31_and_5_the_optimiser_is_as_documented_and_moves_every_weight_in_bfloat16",
    )),
    6: ("dropout is left on", ("test_model.py::test_row_6_dropout_is_off_even_in_training",)),
    7: ("padding shifts positions", (
        "test_packing.py::test_row_7_and_8_packed_scores_are_those_of_each_sequence_alone",
    )),
    8: ("packed sequences see each other", (
        "test_packing.py::test_row_8_no_sequence_sees_another",
        "test_packing.py::test_packed_gradient_is_the_padded_gradient",
    )),
    9: ("decoded turns are tokenised again", (
        "test_render.py::test_rows_9_and_10_a_conversation_only_ever_grows",
        "test_packing.py::test_packs_hold_every_token_once",
    )),
    10: ("the template rewrites history, or the seam between turns is wrong", (
        "test_render.py::test_row_10_seam_golden_ids",
        "test_render.py::test_row_10_a_conversation_of_text_is_what_transformers_renders",
        "test_render.py::test_templates_without_a_stable_delta_are_refused",
    )),
    11: ("the stop token is not trained", (
        "test_packing.py::test_row_11_and_12_the_stop_token_is_trained_and_none_is_searched_for",
    )),
    12: ("the stop token is searched for in the prompt, or taken for padding", (
        "test_packing.py::test_row_11_and_12_the_stop_token_is_trained_and_none_is_searched_for",
        "generate/test_conformance.py::test_three_turns_at_a_temperature",
    )),
    13: ("a truncated response passes for a finished one", (
        "test_learner.py::test_row_13_what_becomes_of_truncated_responses",
        "test_advantage.py::test_row_13_only_a_cut_last_response_is_bootstrapped",
    )),
    14: ("a reward lands a slot too late", (
        "test_learner.py::test_row_14_every_reward_reaches_the_returns_once",
        "test_learner.py::test_row_14_and_29_what_is_rewarded_becomes_likelier",
    )),
    15: ("feedback tokens take part in advantages", (
        "test_learner.py::test_row_15_and_17_prompt_and_feedback_tokens_have_no_part_in_targets",
    )),
    16: ("the value is read at the wrong token", (
        "test_model.py::test_row_16_the_value_is_read_at_the_last_prompt_token",
    )),
    17: ("masked places enter means", (
        "test_learner.py::test_row_15_and_17_prompt_and_feedback_tokens_have_no_part_in_targets",
    )),
    18: ("advantages are normalised per process, or by length", (
        "test_advantage.py::test_row_18_nothing_is_divided_by_a_spread_that_is_none",
        "test_advantage.py::test_row_18_statistics_are_over_all_processes",
        "test_learner.py::test_row_18_long_responses_count_as_much_as_short_ones",
        "test_parallel.py::test_rows_18_and_19_two_processes_are_as_one",
    )),
    19: ("a mean of means", (
        "test_loss.py::test_row_19_a_split_sum_is_the_same_sum",
        "test_learner.py::test_row_19_gradients_do_not_depend_on_how_a_batch_is_split",
        "test_parallel.py::test_rows_18_and_19_two_processes_are_as_one",
    )),
    20: ("the KL term has another gradient than KL", (
        "test_loss.py::test_row_20_k1_in_the_reward_has_the_gradient_of_the_reverse_kl",
    )),
    21: ("KL is summed over a response", (
        "test_advantage.py::test_row_21_kl_is_averaged_over_a_response_not_summed",
        "test_advantage.py::test_rewards_returns_and_advantages_of_two_episodes",
    )),
    22: ("the reference is trained, or is not the start", (
        "test_model.py::test_row_22_the_reference_is_a_copy_that_nothing_trains",
        "test_learner.py::test_row_22_a_reference_that_is_not_the_start_is_noticed_and_never_trained",
    )),
    23: ("a random value head makes large first advantages", (
        "test_model.py::test_row_23_the_value_is_zero_at_first_or_random_as_the_seed_says",
        "test_learner.py::test_row_23_steps_of_the_critic_alone_leave_the_policy_as_it_is",
    )),
    24: ("the value loss moves the policy", (
        "test_model.py::test_row_24_the_value_loss_reaches_the_policy_only_where_it_may",
        "test_learner.py::test_row_24_a_policy_at_rest_is_not_moved_by_the_critic",
    )),
    25: ("the value is clipped around new values", (
        "test_loss.py::test_row_25_value_loss_is_the_larger_of_two_and_clips_around_old_values",
    )),
    26: ("keys and values of old weights are used after an update", (
        "generate/test_conformance.py::test_nothing_of_older_weights_is_used_after_an_update",
        "generate/test_conformance.py::test_an_update_while_responses_are_under_way",
    )),
    27: ("a copy of the weights is not refreshed", (
        "generate/test_local.py::test_changed_weights_are_refused_until_the_update",
        "generate/test_conformance.py::test_nothing_of_older_weights_is_used_after_an_update",
    )),
    28: ("tokens are older than anybody thinks", (
        "test_learner.py::test_row_28_tokens_that_are_too_old_or_of_the_future_are_refused",
    )),
    29: ("labels are shifted by one", (
        "test_packing.py::test_row_29_golden_places_of_two_episodes",
        "test_learner.py::test_row_14_and_29_what_is_rewarded_becomes_likelier",
    )),
    30: ("a constant of the loss carries a gradient", (
        "test_loss.py::test_row_30_constants_must_not_carry_gradients",
    )),
    31: ("Adam's epsilon is another than documented", (
        "test_learner.py::test_row_31_and_5_the_optimiser_is_as_documented_and_moves_every_weight_in_bfloat16",
    )),
    32: ("gradients are clipped per micro-batch, or a skipped step moves the schedule", (
        "test_learner.py::test_row_32_one_clip_and_one_tick_of_the_clock_per_step",
    )),
    33: ("a resumed run is another run", (
        "test_checkpoint.py::test_row_33_six_updates_are_three_and_three_more_to_the_bit",
    )),
    34: ("a failure of the judge counts as a wrong program", (
        "test_learner.py::test_row_34_episodes_without_a_verdict_are_counted_and_not_trained_on",
        "test_advantage.py::test_row_34_a_group_that_fares_alike_teaches_nothing",
    )),
    35: ("fewer responses than requests", (
        "generate/test_conformance.py::test_a_request_that_cannot_be_sampled_is_an_error_and_not_a_missing_response",
    )),
    36: ("checkpointing is off in eval mode, or a cache is kept in training", (
        "test_model.py::test_row_36_gradient_checkpointing_changes_nothing_and_is_on",
        "test_model.py::test_row_36_no_cache_is_kept",
        "test_learner.py::test_row_36_the_learner_trains_in_train_mode_whatever_a_generator_left",
    )),
}  # fmt: skip


def test_all_rows_are_here() -> None:
    assert list(ROWS) == list(range(1, 37))


@pytest.mark.parametrize("row", ROWS)
def test_the_tests_of_a_row_exist(row: int) -> None:
    _, tests = ROWS[row]
    assert tests
    for test in tests:
        file, name = test.split("::")
        tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test
