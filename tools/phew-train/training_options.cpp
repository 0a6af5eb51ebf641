#include "phew-train/training_options.hpp"

namespace phew::tools {

void add_training_options(CLI::App& command, TrainingOptions& o) {
  RunConfig& c = o.config;
  command.add_option("--epochs", c.epochs, "Passes over the training data")->capture_default_str();
  command.add_option("--batch-size", c.batch_size, "Examples a step")->capture_default_str();
  command.add_option("--optimizer", c.optimizer, "sgd or adam")->capture_default_str();
  command.add_option("--lr", o.lr, "Learning rate; without it 0.01 for sgd and 0.001 for adam");
  command
      .add_option("--schedule", c.schedule,
                  "Learning rate over epochs: constant, step:EVERY[:GAMMA], multistep:EPOCH,EPOCH...[:GAMMA], "
                  "exponential:GAMMA, cosine. The paper's 160 epochs have multistep:80,120")
      ->capture_default_str();
  command.add_option("--momentum", c.momentum, "SGD's momentum")->capture_default_str();
  command.add_flag("--nesterov", c.nesterov, "Nesterov's momentum");
  command.add_option("--weight-decay", c.weight_decay, "L2 penalty")->capture_default_str();
  command.add_option("--warmup", c.warmup, "Epochs over which the learning rate first rises linearly, step by step")
      ->capture_default_str();
  command
      .add_option("--precision", c.precision,
                  "fp32; tf32 (CUDA only: products of factors with 10 bits of mantissa); bf16 (autocast: products in "
                  "bfloat16; slow on CPUs without AMX)")
      ->capture_default_str();
  command.add_flag("--channels-last", c.channels_last, "Keep maps channel by channel last in memory");
  command.add_option("--loss", o.loss,
                     "cross-entropy, or mse (to one-hot targets); of float targets mse, and without it that");
  command.add_option("--augment", c.augment, "none, or crop-flip: random crops of images padded by 4, and flips")
      ->capture_default_str();
  command.add_option("--seed", c.seed, "Seed of the data order, of crops and flips, and of dropout")
      ->check(seed_check())
      ->capture_default_str();
}

void add_place_options(CLI::App& command, RunPlace& place) {
  command.add_option("--run", place.folder, "Folder of the run; created in a folder that exists")->required();
  command.add_flag("--restart", place.restart, "Start over, whatever of this run the folder holds");
  command
      .add_option("--checkpoint-seconds", place.checkpoint_seconds, "Seconds between checkpoints; 0: after every step")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void settle(TrainingOptions& o) {
  o.config.lr = o.lr.value_or(o.config.optimizer == "adam" ? 1e-3 : 0.01);
  if (o.loss) o.config.loss = *o.loss;
  check(o.config);
}

Dataset load_data_for(const DataOptions& data_options, TrainingOptions& o, const Globals& globals,
                      const Network& network) {
  Dataset data = load_data(data_options, globals);
  if (!o.loss) o.config.loss = default_loss(data);
  check_settings(data, o.config.loss, o.config.augment);
  fit_to(data, network);
  o.config.data = data.name;
  return data;
}

void name_inputs(RunConfig& config, const TicketOptions& ticket, const DataOptions& data) {
  config.network = ticket.net;
  config.limit = data.limit;
  config.test_data = data.test_data;
  config.data_seed = data.data_seed;
  config.initial = source_of(ticket);
  config.mask = ticket.mask.empty() ? "none" : ticket.mask;
}

}  // namespace phew::tools
