rule train:
    input:
        data=rules.data.output.provenance,
    output:
        weights="<results>/train/{net}/weights.safetensors",
        trajectory="<results>/train/{net}/trajectory.safetensors",
        history="<results>/train/{net}/history.csv",
    log:
        "<logs>/train/{net}.log",
    benchmark:
        "<benchmarks>/train/{net}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        data=subpath(input.data, parent=True),
        folder=subpath(output.weights, parent=True),
        state=f"{STATE}/train/{{net}}",
        depth=lookup("train/networks/{net}/depth", within=config),
        skips=branch(
            lookup("train/networks/{net}/skips", within=config),
            then="--skips",
            otherwise="--no-skips",
        ),
        epochs=lookup("train/networks/{net}/epochs", within=config),
        learning_rate=lookup("train/networks/{net}/learning_rate", within=config),
        recipe=TRAIN_FLAGS,
        machine=MACHINE_FLAGS,
        seed=lookup("{net}", within=TRAIN_SEEDS),
        code=digest("optprimer.training.commands:train"),
    message:
        "Training {wildcards.net} for {params.epochs} epochs (progress in {log})"
    shell:
        "optprimer train --data {params.data:q} --net {wildcards.net} --output {params.folder:q} --state {params.state:q}"
        " --depth {params.depth} {params.skips} --epochs {params.epochs} --learning-rate {params.learning_rate}"
        " {params.recipe} {params.machine} --seed {params.seed} --threads {threads} > {log:q} 2>&1"
